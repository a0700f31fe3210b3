package io.penstock.testkit;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One answer of a {@link FakeProvider}: its head, its body in parts, where it pauses and how it
 * ends. A part is what is flushed at once. Immutable: each method returns a changed copy, so a base
 * script can be shared. Parts count from 0.
 */
public final class Script {
  /** How the answer ends once its parts, or its allowed bytes, have been sent. */
  enum End {
    COMPLETE,
    /** Nothing more, connection open. */
    STALL,
    /** Closed by FIN before the body is complete. */
    CUT,
    /** Closed by RST. */
    RESET,
    /** The parts again and again until the client leaves. */
    REPEAT
  }

  /** What goes out before the body. */
  enum Head {
    SENT,
    /** Not even a status line. */
    NONE,
    /** The body is written to the socket as it is. */
    RAW
  }

  Head head = Head.SENT;
  int status = 200;
  Map<String, String> headers = new LinkedHashMap<>();
  List<byte[]> parts = List.of();
  Map<Integer, Gate> pauses = Map.of();
  End end = End.COMPLETE;
  long cutAfter = Long.MAX_VALUE;
  long everyNanos;
  @Nullable Gate headGate;

  private Script() {}

  /** Answers 200 with that JSON. */
  public static Script json(String body) {
    return bytes("application/json", body.getBytes(StandardCharsets.UTF_8));
  }

  /** Answers 200 with those bytes and their Content-Length. */
  public static Script bytes(String contentType, byte[] body) {
    Script script = new Script();
    script.headers.put("content-type", contentType);
    script.headers.put("content-length", Integer.toString(body.length));
    script.parts = List.of(body);
    return script;
  }

  /**
   * Answers 200 with server-sent events, one part each. An event is its data; one that begins with
   * {@code event:}, {@code data:} or a colon is taken as it is.
   */
  public static Script sse(String... events) {
    Script script = new Script();
    script.headers.put("content-type", "text/event-stream");
    List<byte[]> parts = new ArrayList<>();
    for (String event : events) {
      boolean whole =
          event.startsWith("event:") || event.startsWith("data:") || event.startsWith(":");
      parts.add(((whole ? event : "data: " + event) + "\n\n").getBytes(StandardCharsets.UTF_8));
    }
    script.parts = parts;
    return script;
  }

  /** Answers that status with an error in OpenAI's shape. */
  public static Script error(int status) {
    return json("{\"error\":{\"message\":\"scripted "
            + status
            + "\",\"type\":\"scripted\",\"param\":null,\"code\":null}}")
        .status(status);
  }

  /** Takes the request and never says anything. */
  public static Script silentAccept() {
    Script script = new Script();
    script.head = Head.NONE;
    script.end = End.STALL;
    return script;
  }

  /** Sends the head of an event stream and nothing more. */
  public static Script silentAfterHeaders() {
    return sse().stall();
  }

  /** Takes the request and resets the connection. */
  public static Script resetBeforeHeaders() {
    Script script = silentAccept();
    script.end = End.RESET;
    return script;
  }

  /** Answers with bytes that are not HTTP, and closes. */
  public static Script garbage() {
    Script script = new Script();
    script.head = Head.RAW;
    script.parts = List.of("\u0000\u0016not http at all\r\n\r\n".getBytes(StandardCharsets.UTF_8));
    script.end = End.CUT;
    return script;
  }

  /** Sends that event for as long as the client reads. */
  public static Script endless(String event) {
    Script script = sse(event);
    script.end = End.REPEAT;
    return script;
  }

  /** Answers with a valid JSON object of at least that many bytes. */
  public static Script oversized(int bytes) {
    return json("{\"filler\":\"" + "x".repeat(bytes) + "\"}");
  }

  /** Sets the status. */
  public Script status(int code) {
    Script copy = copy();
    copy.status = code;
    return copy;
  }

  /** Sets a header. */
  public Script header(String name, String value) {
    Script copy = copy();
    copy.headers.put(name, value);
    return copy;
  }

  /** Sets {@code retry-after}. */
  public Script retryAfter(String value) {
    return header("retry-after", value);
  }

  /** Sets another content type than the body's. */
  public Script contentType(String value) {
    return header("content-type", value);
  }

  /** Does not say what the body is. */
  public Script withoutContentType() {
    Script copy = copy();
    copy.headers.remove("content-type");
    return copy;
  }

  /** Adds one more event, for example an error inside an answer of status 200. */
  public Script then(String event) {
    Script copy = copy();
    List<byte[]> more = new ArrayList<>(copy.parts);
    more.addAll(sse(event).parts);
    copy.parts = more;
    return copy;
  }

  /** Waits for the gate before the status line. */
  public Script pauseBeforeHeaders(Gate gate) {
    Script copy = copy();
    copy.headGate = gate;
    return copy;
  }

  /** Waits for the gate before part n. */
  public Script pauseBefore(int n, Gate gate) {
    Script copy = copy();
    Map<Integer, Gate> gates = new LinkedHashMap<>(copy.pauses);
    gates.put(n, gate);
    copy.pauses = gates;
    return copy;
  }

  /** Sends only the first n bytes of the body, then closes (FIN). */
  public Script cutAfterBytes(long n) {
    Script copy = copy();
    copy.cutAfter = n;
    copy.end = End.CUT;
    return copy;
  }

  /** Sends its parts, then resets the connection instead of ending the body. */
  public Script reset() {
    Script copy = copy();
    copy.end = End.RESET;
    return copy;
  }

  /** Sends its parts, then nothing: the connection stays open. */
  public Script stall() {
    Script copy = copy();
    copy.end = End.STALL;
    return copy;
  }

  /** Sends the body in parts of n bytes, each its own HTTP chunk, whatever the events are. */
  public Script chunked(int n) {
    Script copy = copy();
    copy.headers.remove("content-length");
    copy.parts = split(copy.body(), n);
    return copy;
  }

  /** Waits this long, in real time, before each part. Prefer a {@link Gate} where one will do. */
  public Script trickle(Duration every) {
    Script copy = copy();
    copy.everyNanos = every.toNanos();
    return copy;
  }

  /** Returns the whole body. */
  byte[] body() {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  private static List<byte[]> split(byte[] body, int n) {
    List<byte[]> pieces = new ArrayList<>();
    for (int from = 0; from < body.length; from += n) {
      pieces.add(java.util.Arrays.copyOfRange(body, from, Math.min(body.length, from + n)));
    }
    return pieces;
  }

  private Script copy() {
    Script copy = new Script();
    copy.head = head;
    copy.status = status;
    copy.headers = new LinkedHashMap<>(headers);
    copy.parts = parts;
    copy.pauses = pauses;
    copy.end = end;
    copy.cutAfter = cutAfter;
    copy.everyNanos = everyNanos;
    copy.headGate = headGate;
    return copy;
  }
}

package io.penstock.server.call.attempt;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.ByteProcessor;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** How an answer that is an event stream is told from a whole one. Stateless. */
final class EventStreams {
  /** As it looks in ISO 8859-1. */
  private static final String BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf";

  /** How one begins; a comment is a field without a name. */
  private static final List<String> BEGINNINGS =
      List.of("data:", "event:", "id:", "retry:", ":", BYTE_ORDER_MARK);

  private EventStreams() {}

  /** What the bytes of an answer look like that does not say that it is one. */
  enum Look {
    EVENTS,
    WHOLE,
    /** There are too few to tell. */
    UNCLEAR
  }

  /** Returns whether the headers say so. */
  static boolean isDeclared(HttpHeaders headers) {
    String type = headers.get(HttpHeaderNames.CONTENT_TYPE);
    return type != null && type.contains("event") && type.contains("stream");
  }

  /**
   * Returns what the first bytes look like; they are only looked at. Line ends say nothing: some
   * send them in front of JSON, so that the connection is not idle.
   */
  static Look look(ByteBuf first) {
    int start = first.forEachByte(ByteProcessor.FIND_NON_CRLF);
    if (start < 0) {
      return Look.UNCLEAR;
    }
    int length = Math.min("event:".length(), first.writerIndex() - start);
    String begun = first.toString(start, length, StandardCharsets.ISO_8859_1);
    if (BEGINNINGS.stream().anyMatch(begun::startsWith)) {
      return Look.EVENTS;
    }
    return BEGINNINGS.stream().anyMatch(all -> all.startsWith(begun)) ? Look.UNCLEAR : Look.WHOLE;
  }
}

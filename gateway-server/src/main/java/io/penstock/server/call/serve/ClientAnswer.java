package io.penstock.server.call.serve;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.server.call.Call;
import io.penstock.server.call.LoopTimer;
import io.penstock.server.call.reply.Heartbeat;
import io.penstock.server.client.Responder;
import java.io.ByteArrayOutputStream;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What the client has seen of its answer. Until the first content nothing goes out, so that another
 * target can still answer and an error still gets its true status; after the route's hold time the
 * headers and keep-alive comments do. After it they fill the model's silences. Confined to its
 * event loop.
 */
final class ClientAnswer {
  /** A longer stream is not gone on with when it is cut. */
  private static final int MOST_SEEN_BYTES = 16 << 20;

  private final Call call;
  private final Responder responder;
  private final long holdMillis;
  private final Runnable onHoldOver;
  private final LoopTimer timer;
  private @Nullable HttpHeaders headers;
  private boolean provisional;
  private boolean anonymous;
  private boolean begun;
  private boolean content;
  private boolean ended;

  /** Whether nothing has gone out since the timer last ran: no clock is read for each event. */
  private boolean silent;

  private @Nullable ByteArrayOutputStream seen;

  /**
   * Creates an answer of which nothing has gone out.
   *
   * @param onHoldOver told when the headers go out without content: no other target can answer
   */
  ClientAnswer(Call call, long holdMillis, Runnable onHoldOver) {
    this.call = call;
    this.responder = call.responder();
    this.holdMillis = holdMillis;
    this.onHoldOver = onHoldOver;
    this.timer = new LoopTimer(call.guard());
  }

  /**
   * Takes the headers that the attempt under way would begin with; the first call starts the hold
   * time, after which they go out without content.
   *
   * @param mayChange whether another target may still answer when they are out: then they name none
   */
  void offer(HttpHeaders ofAttempt, boolean mayChange) {
    if (begun) {
      return;
    }
    headers = ofAttempt;
    provisional = mayChange;
    if (!timer.isStarted()) {
      timer.start(TimeUnit.MILLISECONDS.toNanos(holdMillis), this::holdOver);
    }
  }

  private void holdOver() {
    HttpHeaders with = headers;
    if (!begun && !ended && with != null) {
      anonymous = provisional;
      head(anonymous ? AnswerHeaders.anonymous(with) : with);
      onHoldOver.run();
    }
    keepAlive();
  }

  private void keepAlive() {
    if (ended || !begun || call.isEnded()) {
      return;
    }
    if (!content || silent && responder.isWritable()) {
      Heartbeat.write(call);
    }
    silent = true;
    timer.start(Heartbeat.NANOS, this::keepAlive);
  }

  private void head(HttpHeaders with) {
    begun = true;
    responder.head(200, with);
  }

  /** Begins an event stream: from now on no other target can give the answer. */
  void begin(HttpHeaders with) {
    content = true;
    if (begun || ended) {
      return;
    }
    head(with);
    // A short hold's timer goes on as that of silences: most streams need no second one.
    if (!timer.isStarted() || TimeUnit.MILLISECONDS.toNanos(holdMillis) > Heartbeat.NANOS) {
      timer.start(Heartbeat.NANOS, this::keepAlive);
    }
  }

  /** From now on keeps what goes out, for {@link #seen}. */
  void remember() {
    seen = new ByteArrayOutputStream(1024);
  }

  /** Returns the events that have gone out; null when they were not kept, or are too many. */
  byte @Nullable [] seen() {
    return seen == null ? null : seen.toByteArray();
  }

  private void keep(ByteArrayOutputStream into, ByteBuf bytes) {
    if (into.size() + bytes.readableBytes() > MOST_SEEN_BYTES) {
      seen = null;
    } else {
      into.writeBytes(ByteBufUtil.getBytes(bytes));
    }
  }

  /** Takes bytes of the stream that has begun; owned. */
  void stream(ByteBuf bytes) {
    silent = false;
    if (seen != null) {
      keep(seen, bytes);
    }
    if (ended) {
      bytes.release();
    } else {
      responder.write(bytes);
    }
  }

  /** Returns whether the status line has gone out. */
  boolean isBegun() {
    return begun;
  }

  /** Returns whether it has gone out and names no target: the last event does. */
  boolean isAnonymous() {
    return anonymous;
  }

  /** Returns whether the model's words have, or are about to. */
  boolean hasContent() {
    return content;
  }

  void flush() {
    if (begun) {
      responder.flush();
    }
  }

  /** Ends the stream well. */
  void end() {
    if (!ended) {
      close();
      responder.end();
    }
  }

  /** Gives a whole answer; the body is owned. */
  void whole(HttpHeaders with, ByteBuf body) {
    close();
    responder.reply(200, with, body);
  }

  /** Marks the answer as given in another way, or given up. */
  void close() {
    ended = true;
    timer.cancel();
  }
}

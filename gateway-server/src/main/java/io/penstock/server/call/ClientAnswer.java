package io.penstock.server.call;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.core.Dialect;
import io.penstock.server.client.Responder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What the client has seen of a streamed answer. Until the first content everything is held, so
 * that another target can still answer and an error still gets its true status; after the route's
 * hold time the headers and keep-alive comments go out. Confined to its event loop.
 */
final class ClientAnswer {
  private static final long KEEP_ALIVE_MILLIS = 15_000;

  private final Call call;
  private final Responder responder;
  private final List<ByteBuf> held = new ArrayList<>(2);
  private final long holdMillis;
  private @Nullable HttpHeaders headers;
  private @Nullable ScheduledFuture<?> timer;
  private boolean begun;
  private boolean content;
  private boolean ended;

  ClientAnswer(Call call, long holdMillis) {
    this.call = call;
    this.responder = call.responder();
    this.holdMillis = holdMillis;
  }

  /** Sets the headers of the attempt that is under way; used when the answer begins. */
  void headers(HttpHeaders ofAttempt) {
    if (!begun) {
      headers = ofAttempt;
    }
  }

  /** Starts the hold time of a streamed answer; the headers then go out without content. */
  void startHold(HttpHeaders fallback) {
    if (timer == null && !begun) {
      headers = headers == null ? fallback : headers;
      timer =
          call.context()
              .loop()
              .schedule(() -> holdOver(fallback), holdMillis, TimeUnit.MILLISECONDS);
    }
  }

  private void holdOver(HttpHeaders fallback) {
    if (!begun && !ended) {
      begin(headers == null ? fallback : headers);
      keepAlive();
    }
  }

  private void keepAlive() {
    if (ended || content) {
      return;
    }
    String ping =
        call.dialect() == Dialect.ANTHROPIC
            ? "event: ping\ndata: {\"type\": \"ping\"}\n\n"
            : ": ping\n\n";
    if (!call.surface().arraySplit()) {
      responder.write(ErrorReplies.utf8(ping));
      responder.flush();
    }
    timer =
        call.context().loop().schedule(this::keepAlive, KEEP_ALIVE_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void begin(HttpHeaders with) {
    begun = true;
    responder.head(200, with);
  }

  /** Takes bytes of the stream; owned. */
  void stream(ByteBuf bytes, boolean isContent) {
    if (ended) {
      bytes.release();
      return;
    }
    if (!content && isContent) {
      content = true;
      cancelTimer();
      if (!begun) {
        HttpHeaders with = headers;
        if (with == null) {
          throw new IllegalStateException("content before headers");
        }
        begin(with);
      }
      held.forEach(responder::write);
      held.clear();
    }
    if (content) {
      responder.write(bytes);
    } else {
      held.add(bytes);
    }
  }

  /** Returns whether the client has seen content: no other target can answer any more. */
  boolean isCommitted() {
    return content;
  }

  /** Returns whether the status line has gone out. */
  boolean isBegun() {
    return begun;
  }

  /** Forgets what a failed attempt had held. */
  void discardHeld() {
    held.forEach(ByteBuf::release);
    held.clear();
  }

  void flush() {
    if (begun) {
      responder.flush();
    }
  }

  /** Ends the stream well. An answer without any content begins and ends here. */
  void end() {
    if (ended) {
      return;
    }
    if (!begun && headers != null) {
      begin(headers);
    }
    ended = true;
    cancelTimer();
    held.forEach(responder::write);
    held.clear();
    responder.end();
  }

  /** Marks the answer as given in another way, or given up. */
  void close() {
    ended = true;
    cancelTimer();
    discardHeld();
  }

  private void cancelTimer() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }
}

package io.penstock.server.call.reply;

import io.penstock.core.Dialect;
import io.penstock.server.call.Call;
import io.penstock.server.call.LoopTimer;
import java.util.concurrent.TimeUnit;

/**
 * Fills the silences of an event stream: proxies give up one of which nothing comes. Confined to
 * the call's loop.
 */
public final class Heartbeat {
  /** A silence of one to two of these is filled, nanoseconds. */
  public static final long NANOS = TimeUnit.SECONDS.toNanos(15);

  private final Call call;
  private final LoopTimer timer;

  /** Whether nothing has gone out since the timer last ran: no clock is read for each event. */
  private boolean silent;

  public Heartbeat(Call call) {
    this.call = call;
    this.timer = new LoopTimer(call.guard());
  }

  /** The stream has begun; its silences are filled until the call ends. */
  public void start() {
    call.onEnd(ending -> timer.cancel());
    timer.start(NANOS, this::beat);
  }

  /** Something has gone out. */
  public void heard() {
    silent = false;
  }

  private void beat() {
    if (silent && call.responder().isWritable()) {
      write(call);
    }
    silent = true;
    timer.start(NANOS, this::beat);
  }

  /** Sends the client of an event stream a sign of life that is no part of the answer. */
  public static void write(Call call) {
    // Not Gemini's: its array has no comments, and Google's SDKs fail on one in a stream.
    if (call.dialect() != Dialect.GEMINI) {
      String ping =
          call.dialect() == Dialect.ANTHROPIC
              ? "event: ping\ndata: {\"type\": \"ping\"}\n\n"
              : ": ping\n\n";
      call.responder().write(ErrorReplies.utf8(ping));
    }
    call.responder().flush();
  }
}

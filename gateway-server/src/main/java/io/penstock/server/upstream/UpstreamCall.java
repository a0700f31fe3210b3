package io.penstock.server.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.util.ReferenceCountUtil;
import io.penstock.core.FailureKind;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request on its way. Confined to its event loop.
 *
 * <pre>
 *   CONNECTING -> WAITING (sent) -> READING (head seen) -> DONE
 *        WAITING -> CONNECTING once, when a connection that was kept proves {@link Reuse stale}
 *        any state -> DONE by failure, time-out or cancel
 * </pre>
 *
 * <p>Its connection's {@link Watch} serves all time-outs: it looks at the nearest deadline and,
 * when there was progress, again later. So what is read costs one clock reading and no scheduling.
 */
public final class UpstreamCall {
  private static final Logger LOG = LoggerFactory.getLogger(UpstreamCall.class);

  private final Deadlines deadlines;
  private final UpstreamListener listener;
  private final HttpRequest request;
  private UpstreamState state = UpstreamState.CONNECTING;
  private @Nullable Channel channel;
  private @Nullable Watch watch;
  private @Nullable Reuse reuse;
  private boolean written;
  private boolean progressed;
  private boolean paused;

  /** Creates a request that begins now, which is given. */
  UpstreamCall(Timeouts timeouts, HttpRequest request, UpstreamListener listener, long nowNanos) {
    this.deadlines = new Deadlines(timeouts, nowNanos);
    this.request = request;
    this.listener = listener;
  }

  HttpRequest request() {
    return request;
  }

  /** Returns whether the provider may have the request: it was written, if only in part. */
  public boolean isSent() {
    return written;
  }

  boolean isDone() {
    return state == UpstreamState.DONE;
  }

  /** Stops the request: the connection is closed, the listener hears nothing more. */
  public void cancel() {
    if (state != UpstreamState.DONE) {
      finish();
      closeChannel();
    }
  }

  /** Stops or resumes reading from the provider: back-pressure of a slow client. */
  public void setPaused(boolean pause) {
    if (paused == pause || deadlines.isLingering() || state == UpstreamState.DONE) {
      return;
    }
    paused = pause;
    deadlines.progress(System.nanoTime());
    if (channel != null) {
      channel.config().setAutoRead(!pause);
    }
  }

  /**
   * The answer is whole, though its message is not: whoever listens wants to hear nothing more. The
   * end mostly comes with the next bytes, and then the connection may be used again; when it does
   * not come within a second, the connection is closed.
   */
  public void linger() {
    linger(System.nanoTime());
  }

  void linger(long nowNanos) {
    if (state == UpstreamState.READING && !deadlines.isLingering()) {
      setPaused(false);
      deadlines.linger(nowNanos);
      if (watch != null) {
        look(watch, nowNanos);
      }
    }
  }

  /** It is about to be written on a connection that was kept; the request outlives that. */
  void reuses(Reuse kept) {
    reuse = kept;
    ReferenceCountUtil.retain(request);
  }

  void connecting(Channel on, Watch by, long nowNanos) {
    channel = on;
    watch = by;
    look(by, nowNanos);
  }

  void sent(Channel on, Watch by, long nowNanos) {
    channel = on;
    watch = by;
    state = UpstreamState.WAITING;
    deadlines.progress(nowNanos);
    if (paused) {
      on.config().setAutoRead(false);
    }
    look(by, nowNanos);
  }

  /** The request is on its way: not even its failure says that nobody has read it. */
  void written() {
    written = true;
  }

  void head(int status, HttpHeaders headers) {
    if (state == UpstreamState.WAITING) {
      state = UpstreamState.READING;
      progressed = true;
      try {
        listener.onHead(status, headers);
      } catch (Throwable e) {
        broken(e);
      }
    }
  }

  void data(ByteBuf data) {
    if (state == UpstreamState.READING && data.isReadable()) {
      progressed = true;
      try {
        listener.onData(data);
      } catch (Throwable e) {
        broken(e);
      }
    }
  }

  void readComplete() {
    if (progressed) {
      progressed = false;
      deadlines.progress(System.nanoTime());
    }
    if (state == UpstreamState.READING) {
      try {
        listener.onReadComplete();
      } catch (Throwable e) {
        broken(e);
      }
    }
  }

  /** Ends the request well; returns whether its connection may be used again. */
  boolean end() {
    if (state != UpstreamState.READING) {
      return false;
    }
    finish();
    boolean reusable = !paused;
    if (paused && channel != null) {
      channel.config().setAutoRead(true);
    }
    try {
      listener.onEnd();
    } catch (Throwable e) {
      broken(e);
      return false;
    }
    return reusable;
  }

  void fail(FailureKind kind, String message) {
    if (state != UpstreamState.DONE) {
      finish();
      try {
        closeChannel();
      } finally {
        // Whatever becomes of the connection: whoever waits holds money and a place.
        tell(kind, message);
      }
    }
  }

  private void tell(FailureKind kind, String message) {
    try {
      listener.onFailure(kind, message);
    } catch (Throwable e) {
      broken(e);
    }
  }

  /** The listener has a defect, or what serves it: nobody else would tell whoever waits. */
  void broken(Throwable thrown) {
    finish();
    try {
      closeChannel();
    } finally {
      tellBroken(thrown);
    }
  }

  private void tellBroken(Throwable thrown) {
    try {
      listener.onBroken(thrown);
    } catch (Throwable e) {
      e.addSuppressed(thrown);
      LOG.atError().setCause(e).log("that an answer could not be taken could not be told");
    }
  }

  /**
   * The connection was lost.
   *
   * @param heard whether any byte had come in answer
   */
  void lost(boolean heard) {
    if (goesOn(heard)) {
      return;
    }
    state.lost(this);
  }

  /** The connection was lost before all of the request was written. */
  void lostSending(boolean heard) {
    if (!goesOn(heard)) {
      fail(FailureKind.RESET, "the connection was lost while sending");
    }
  }

  /** Returns whether the request is made again, because its kept connection was gone before it. */
  private boolean goesOn(boolean heard) {
    Reuse kept = reuse;
    if (state != UpstreamState.WAITING || heard || kept == null || !kept.isStale()) {
      return false;
    }
    reuse = null;
    if (watch != null) {
      watch.over();
    }
    closeChannel();
    state = UpstreamState.CONNECTING;
    written = false;
    long now = System.nanoTime();
    deadlines.progress(now);
    kept.again(deadlines.timeouts(), this, now);
    return true;
  }

  private void finish() {
    state = UpstreamState.DONE;
    if (watch != null) {
      watch.over();
    }
    if (reuse != null) {
      reuse = null;
      ReferenceCountUtil.release(request);
    }
  }

  private void closeChannel() {
    if (watch != null) {
      watch.cancel();
    }
    if (channel != null) {
      channel.close();
    }
  }

  private void look(Watch by, long now) {
    Timeouts timeouts = deadlines.timeouts();
    long limit = state.limitMillis(timeouts);
    by.lookIn(deadlines.left(limit, state.nextLimitMillis(timeouts), now), now, this);
  }

  /** The watch looks; it asks whether to look again. */
  void check(Watch by) {
    long now = System.nanoTime();
    Timeouts timeouts = deadlines.timeouts();
    if (deadlines.isLingerOver(now)) {
      cancel();
    } else if (deadlines.isTotalOver(now)) {
      fail(FailureKind.TOTAL_TIMEOUT, "no complete answer within " + timeouts.total() + " ms");
    } else if (paused) {
      // The client is slow, not the provider: only the total time counts.
      deadlines.progress(now);
      look(by, now);
    } else if (deadlines.isOver(state.limitMillis(timeouts), now)) {
      state.late(this, timeouts);
    } else {
      look(by, now);
    }
  }
}

package io.penstock.server.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.penstock.core.FailureKind;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way. Confined to its event loop.
 *
 * <pre>
 *   CONNECTING -> WAITING (sent) -> READING (head seen) -> DONE
 *        any state -> DONE by failure, time-out or cancel
 * </pre>
 *
 * <p>One timer serves all time-outs: it is armed for the nearest deadline and, when it fires early
 * because there was progress, armed again. So a chunk costs a clock reading and no scheduling.
 */
public final class UpstreamCall {
  private enum State {
    CONNECTING,
    WAITING,
    READING,
    DONE
  }

  private final EventLoop loop;
  private final Timeouts timeouts;
  private final UpstreamListener listener;
  private final HttpRequest request;
  private final long startNanos;
  private State state = State.CONNECTING;
  private long progressNanos;
  private @Nullable Channel channel;
  private @Nullable ScheduledFuture<?> timer;
  private boolean paused;

  UpstreamCall(EventLoop loop, Timeouts timeouts, HttpRequest request, UpstreamListener listener) {
    this.loop = loop;
    this.timeouts = timeouts;
    this.request = request;
    this.listener = listener;
    this.startNanos = System.nanoTime();
    this.progressNanos = startNanos;
  }

  HttpRequest request() {
    return request;
  }

  boolean isDone() {
    return state == State.DONE;
  }

  /** Stops the request: the connection is closed, the listener hears nothing more. */
  public void cancel() {
    if (state != State.DONE) {
      finish();
      closeChannel();
    }
  }

  /** Stops or resumes reading from the provider: back-pressure of a slow client. */
  public void setPaused(boolean pause) {
    if (paused == pause || state == State.DONE) {
      return;
    }
    paused = pause;
    progressNanos = System.nanoTime();
    if (channel != null) {
      channel.config().setAutoRead(!pause);
    }
  }

  void sent(Channel on) {
    channel = on;
    state = State.WAITING;
    progressNanos = System.nanoTime();
    if (paused) {
      on.config().setAutoRead(false);
    }
    rearm();
  }

  void connecting(Channel on) {
    channel = on;
    arm();
  }

  void head(int status, HttpHeaders headers) {
    if (state == State.WAITING) {
      state = State.READING;
      progressNanos = System.nanoTime();
      if (timeouts.idle() < timeouts.firstByte()) {
        // What is armed would only look when the first byte's time is over.
        rearm();
      }
      listener.onHead(status, headers);
    }
  }

  void data(ByteBuf data) {
    if (state == State.READING && data.isReadable()) {
      progressNanos = System.nanoTime();
      listener.onData(data);
    }
  }

  void readComplete() {
    if (state == State.READING) {
      listener.onReadComplete();
    }
  }

  /** Ends the request well; returns whether its connection may be used again. */
  boolean end() {
    if (state != State.READING) {
      return false;
    }
    finish();
    boolean reusable = !paused;
    if (paused && channel != null) {
      channel.config().setAutoRead(true);
    }
    listener.onEnd();
    return reusable;
  }

  void fail(FailureKind kind, String message) {
    if (state != State.DONE) {
      finish();
      closeChannel();
      listener.onFailure(kind, message);
    }
  }

  /** The connection was lost. */
  void lost() {
    switch (state) {
      case CONNECTING -> fail(FailureKind.CONNECT, "the connection was closed while connecting");
      case WAITING -> fail(FailureKind.RESET, "the connection was closed before an answer");
      case READING -> fail(FailureKind.CUT, "the connection was closed in the middle of an answer");
      case DONE -> {}
    }
  }

  private void finish() {
    state = State.DONE;
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }

  private void closeChannel() {
    if (channel != null) {
      channel.close();
    }
  }

  private long limitMillis() {
    return switch (state) {
      case CONNECTING -> timeouts.connect();
      case WAITING -> timeouts.firstByte();
      case READING, DONE -> timeouts.idle();
    };
  }

  private void rearm() {
    if (timer != null) {
      timer.cancel(false);
    }
    arm();
  }

  private void arm() {
    long now = System.nanoTime();
    long left = progressNanos + TimeUnit.MILLISECONDS.toNanos(limitMillis()) - now;
    long leftTotal = startNanos + TimeUnit.MILLISECONDS.toNanos(timeouts.total()) - now;
    timer = loop.schedule(this::check, Math.min(left, leftTotal), TimeUnit.NANOSECONDS);
  }

  private void check() {
    if (state == State.DONE) {
      return;
    }
    long now = System.nanoTime();
    if (now - startNanos >= TimeUnit.MILLISECONDS.toNanos(timeouts.total())) {
      fail(FailureKind.TOTAL_TIMEOUT, "no complete answer within " + timeouts.total() + " ms");
    } else if (paused) {
      // The client is slow, not the provider: only the total time counts.
      progressNanos = now;
      arm();
    } else if (now - progressNanos >= TimeUnit.MILLISECONDS.toNanos(limitMillis())) {
      timedOut();
    } else {
      arm();
    }
  }

  private void timedOut() {
    switch (state) {
      case CONNECTING ->
          fail(FailureKind.CONNECT, "no connection within " + timeouts.connect() + " ms");
      case WAITING ->
          fail(FailureKind.FIRST_BYTE_TIMEOUT, "no answer within " + timeouts.firstByte() + " ms");
      case READING, DONE -> fail(FailureKind.IDLE_TIMEOUT, "silent for " + timeouts.idle() + " ms");
    }
  }
}

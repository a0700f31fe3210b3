package io.penstock.server.call.attempt;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.core.FailureKind;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Attempt;
import io.penstock.providers.Closing;
import io.penstock.providers.Failure;
import io.penstock.providers.HeaderLookup;
import io.penstock.server.call.LoopContext;
import io.penstock.server.targets.KeySpread;
import io.penstock.server.targets.ProviderRuntime;
import io.penstock.server.targets.TargetRuntime;
import io.penstock.server.upstream.Timeouts;
import io.penstock.server.upstream.UpstreamCall;
import io.penstock.server.upstream.UpstreamListener;
import org.jspecify.annotations.Nullable;

/**
 * One request to one target and the reading of its answer. Confined to its event loop.
 *
 * <p>It tells its {@link AttemptListener} what the client may see and how it ended; whether that is
 * the end of the call is the owner's to decide. After {@code onStreamEnd}, {@code onAnswer} or
 * {@code onFailed} it is silent.
 */
public final class AttemptRun implements UpstreamListener {
  private final LoopContext loop;
  private final TargetRuntime target;
  private final Attempt attempt;
  private final Watched owner;
  private final Incoming answer;
  private final long startNanos;
  private KeySpread.@Nullable Slot key;
  private @Nullable UpstreamCall upstream;
  private boolean done;

  /** Creates the run of an attempt that began at that time, on {@link System#nanoTime}. */
  public AttemptRun(
      LoopContext loop,
      TargetRuntime target,
      Attempt attempt,
      boolean stream,
      long startNanos,
      Watched owner) {
    this.loop = loop;
    this.target = target;
    this.attempt = attempt;
    this.startNanos = startNanos;
    this.owner = owner;
    this.answer = new Incoming(this, stream, owner);
  }

  public TargetRuntime target() {
    return target;
  }

  public Attempt attempt() {
    return attempt;
  }

  public long startNanos() {
    return startNanos;
  }

  public KeySpread.@Nullable Slot key() {
    return key;
  }

  public int status() {
    return answer.status();
  }

  /** Returns the answer's headers once there are any. */
  public HeaderLookup headers() {
    return answer.headers();
  }

  /**
   * Sends the request.
   *
   * @param leftMillis of the time that the call has for all its attempts
   */
  public void start(KeySpread.@Nullable Slot with, String traceparent, long leftMillis) {
    key = with;
    FullHttpRequest http =
        UpstreamMessage.of(target.provider(), attempt.request(), with, traceparent);
    if (http == null) {
      // It expired after the target was chosen and could not be renewed.
      fail(Failure.of(FailureKind.OVERLOADED, "no credential for this provider right now"));
      return;
    }
    ProviderRuntime provider = target.provider();
    Timeouts left = provider.timeouts().within(leftMillis);
    upstream = loop.pool().send(provider.origin(), left, http, this);
  }

  /** Stops the attempt; the owner hears nothing more of it. */
  public void cancel() {
    if (!done) {
      close();
      if (upstream != null) {
        upstream.cancel();
      }
    }
  }

  /** Stops or resumes reading, as the client keeps up or not. */
  public void setPaused(boolean paused) {
    if (upstream != null) {
      upstream.setPaused(paused);
    }
  }

  /** Fails the attempt unless there has been content. */
  public void timeOutFirstToken(String message) {
    if (answer.firstTokenNanos() < 0) {
      fail(Failure.of(FailureKind.FIRST_TOKEN_TIMEOUT, message));
    }
  }

  /** Returns the text of a streamed answer so far, or of a whole one that reported no usage. */
  public CharSequence text() {
    return answer.text();
  }

  /** Returns how it ended; the text is dear to gather, so only when the usage is not known. */
  public AttemptOutcome outcome(@Nullable Failure failure, boolean clientGone) {
    AnswerSummary known =
        answer.summary().inTier(target.provider().provider().tier(answer.headers()));
    CharSequence relayed = known.usageReported() ? "" : answer.text();
    return new AttemptOutcome(
        isSent(),
        status(),
        failure,
        clientGone,
        known,
        relayed,
        answer.isUnread(),
        answer.firstTokenNanos());
  }

  private boolean isSent() {
    return status() != 0 || upstream != null && upstream.isSent();
  }

  /** Returns whether the provider may have worked on it: it was sent, and not refused. */
  public boolean isTaken() {
    return isSent() && (status() == 0 || status() / 100 == 2);
  }

  /** Returns the bytes of text that a stream has given so far. */
  public long relayedBytes() {
    return answer.relayedBytes();
  }

  /** Returns the same of a complete answer; -1 when it came whole. */
  public long shownBytes() {
    return answer.shownBytes();
  }

  /** Returns the closing events of a stream that ends before its time; owned by the caller. */
  public @Nullable ByteBuf closing(Closing how, @Nullable String penstock) {
    return answer.closing(how, penstock);
  }

  /** Returns whether nothing more is told of it. */
  boolean isDone() {
    return done;
  }

  @Override
  public void onHead(int status, HttpHeaders headers) {
    loop.pressure().work();
    answer.head(status, headers);
  }

  @Override
  public void onData(ByteBuf data) {
    loop.pressure().work();
    if (!done) {
      answer.data(data);
    }
  }

  @Override
  public void onReadComplete() {
    if (done) {
      return;
    }
    // The end of a stream, which is written with what was read, goes out with it.
    if (!answer.overIfSettled()) {
      owner.onReadComplete(this);
    } else if (upstream != null) {
      upstream.linger();
    }
  }

  @Override
  public void onEnd() {
    if (!done) {
      answer.end();
    }
  }

  @Override
  public void onFailure(FailureKind kind, String message) {
    if (!done) {
      answer.broke(kind, message);
    }
  }

  @Override
  public void onBroken(Throwable why) {
    // Not of the owner, which is watched: another target may be read all the same.
    answer.unreadable(why);
  }

  /** Ends the attempt without an answer, unless it is over. */
  public void fail(Failure failure) {
    if (done) {
      return;
    }
    if (upstream != null) {
      upstream.cancel();
    }
    done = true;
    owner.onFailed(this, SentSecrets.out(failure, target.provider(), key));
    close();
  }

  /** From now on nothing is told of it. */
  void close() {
    done = true;
    answer.close();
  }
}

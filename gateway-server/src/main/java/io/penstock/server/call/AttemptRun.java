package io.penstock.server.call;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.core.FailureKind;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Attempt;
import io.penstock.providers.Failure;
import io.penstock.providers.HeaderLookup;
import io.penstock.server.upstream.Timeouts;
import io.penstock.server.upstream.UpstreamCall;
import io.penstock.server.upstream.UpstreamListener;
import org.jspecify.annotations.Nullable;

/**
 * One request to one target and the reading of its answer. Confined to its event loop.
 *
 * <p>It tells its {@link AttemptListener} what the client may see and how it ended; whether that is
 * the end of the call is the owner's to decide. After {@code onComplete} or {@code onFailed} it is
 * silent.
 */
final class AttemptRun implements UpstreamListener {
  private final LoopContext loop;
  private final TargetRuntime target;
  private final Attempt attempt;
  private final boolean stream;
  private final Watched owner;
  private final long startNanos;
  private KeySpread.@Nullable Slot key;
  private @Nullable UpstreamCall upstream;
  private int status;
  private @Nullable HttpHeaders headers;
  private @Nullable StreamedAnswer streamed;
  private @Nullable WholeBody whole;
  private AnswerSummary summary = AnswerSummary.NONE;
  private CharSequence words = "";
  private boolean unclear;
  private boolean wholeComes;
  private boolean arrived;
  private boolean done;

  /** Creates the run of an attempt that began at that time, on {@link System#nanoTime}. */
  AttemptRun(
      LoopContext loop,
      TargetRuntime target,
      Attempt attempt,
      boolean stream,
      long startNanos,
      Watched owner) {
    this.loop = loop;
    this.target = target;
    this.attempt = attempt;
    this.stream = stream;
    this.wholeComes = !stream;
    this.startNanos = startNanos;
    this.owner = owner;
  }

  TargetRuntime target() {
    return target;
  }

  Attempt attempt() {
    return attempt;
  }

  long startNanos() {
    return startNanos;
  }

  KeySpread.@Nullable Slot key() {
    return key;
  }

  int status() {
    return status;
  }

  /** Returns the answer's headers once there are any. */
  HeaderLookup headers() {
    HttpHeaders known = headers;
    return known == null ? HeaderLookup.NONE : known::get;
  }

  /**
   * Sends the request.
   *
   * @param leftMillis of the time that the call has for all its attempts
   */
  void start(KeySpread.@Nullable Slot with, String traceparent, long leftMillis) {
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
  void cancel() {
    if (!done) {
      close();
      if (upstream != null) {
        upstream.cancel();
      }
    }
  }

  /** Stops or resumes reading, as the client keeps up or not. */
  void setPaused(boolean paused) {
    if (upstream != null) {
      upstream.setPaused(paused);
    }
  }

  /** Fails the attempt unless there has been content. */
  void timeOutFirstToken(String message) {
    if (firstTokenNanos() < 0) {
      fail(Failure.of(FailureKind.FIRST_TOKEN_TIMEOUT, message));
    }
  }

  private long firstTokenNanos() {
    return streamed == null ? -1 : streamed.firstTokenNanos();
  }

  /** Returns the text of a streamed answer so far, or of a whole one that reported no usage. */
  CharSequence text() {
    if (streamed != null) {
      return streamed.text();
    }
    return whole == null ? words : whole.text();
  }

  /** Returns how it ended; the text is dear to gather, so only when the usage is not known. */
  AttemptOutcome outcome(@Nullable Failure failure, boolean clientGone) {
    AnswerSummary known = streamed == null ? summary : streamed.summary();
    CharSequence relayed = known.usageReported() ? "" : text();
    boolean sent = status != 0 || upstream != null && upstream.isSent();
    return new AttemptOutcome(
        sent,
        status,
        failure,
        clientGone,
        known,
        relayed,
        wholeComes && !arrived,
        firstTokenNanos());
  }

  /** Returns the bytes of text that a stream has given so far. */
  long relayedBytes() {
    return streamed == null ? 0 : streamed.relayedBytes();
  }

  /** Returns the same of a complete answer; -1 when it came whole. */
  long shownBytes() {
    return arrived ? -1 : relayedBytes();
  }

  /** Returns the closing events of a stream that ends before its time; owned by the caller. */
  @Nullable ByteBuf closing(@Nullable String finish, String message, @Nullable String penstock) {
    return streamed == null ? null : streamed.closing(finish, message, penstock);
  }

  /** Returns whether nothing more is told of it. */
  boolean isDone() {
    return done;
  }

  @Override
  public void onHead(int answered, HttpHeaders of) {
    loop.pressure().work();
    status = answered;
    headers = of;
    boolean success = answered >= 200 && answered < 300;
    if (success && stream && EventStreams.isDeclared(of)) {
      readEvents();
    } else {
      // Not every provider, nor every model, streams because it is asked to.
      whole = new WholeBody(target.provider().provider(), answered, headers());
      wholeComes = true;
      unclear = success && stream && !of.contains(HttpHeaderNames.CONTENT_TYPE);
    }
  }

  private void readEvents() {
    try {
      streamed = new StreamedAnswer(this, owner);
    } catch (RuntimeException e) {
      fail(Unreadable.failure(target, e));
    }
  }

  @Override
  public void onData(ByteBuf data) {
    loop.pressure().work();
    if (done) {
      return;
    }
    if (streamed != null) {
      streamed.read(data);
      return;
    }
    WholeBody collecting = whole;
    if (collecting != null && !collecting.add(data)) {
      fail(collecting.tooLarge());
    } else if (unclear && collecting != null) {
      look(collecting);
    }
  }

  private void look(WholeBody begun) {
    EventStreams.Look like = EventStreams.look(begun.bytes());
    unclear = like == EventStreams.Look.UNCLEAR;
    if (like != EventStreams.Look.EVENTS) {
      return;
    }
    whole = null;
    wholeComes = false;
    try {
      readEvents();
      if (streamed != null) {
        streamed.read(begun.bytes());
      }
    } finally {
      begun.release();
    }
  }

  @Override
  public void onReadComplete() {
    if (done) {
      return;
    }
    if (streamed == null || !streamed.isSettled()) {
      owner.onReadComplete(this);
      return;
    }
    // Its end, which is written with what was read, goes out with it.
    streamed.over();
    if (upstream != null) {
      upstream.linger();
    }
  }

  @Override
  public void onEnd() {
    if (done) {
      return;
    }
    if (streamed != null) {
      streamed.end(FailureKind.CUT, "the stream ended without a finish");
    } else {
      endWhole();
    }
  }

  private void endWhole() {
    WholeBody collected = whole;
    if (collected == null) {
      return;
    }
    whole = null;
    arrived = true;
    Answer answer;
    try {
      answer = collected.read(attempt.unaryReader(ByteBufAllocator.DEFAULT));
    } catch (RuntimeException e) {
      words = collected.text();
      // The connection has done its part: nobody else would tell the client.
      summary = Unreadable.summary(e);
      fail(Unreadable.failure(target, e));
      return;
    } finally {
      collected.release();
    }
    summary = answer.summary();
    words = answer.text();
    close();
    owner.onAnswer(this, answer);
  }

  @Override
  public void onFailure(FailureKind kind, String message) {
    if (streamed != null && kind == FailureKind.CUT && !done) {
      // The reader knows whether the answer was complete before the connection broke.
      streamed.end(kind, message);
    } else {
      fail(Failure.of(kind, message));
    }
  }

  @Override
  public void onBroken(Throwable why) {
    // Not of the owner, which is watched: another target may be read all the same.
    if (streamed != null) {
      streamed.unreadable(why);
    } else {
      fail(Unreadable.failure(target, why));
    }
  }

  /** Ends the attempt without an answer, unless it is over. */
  void fail(Failure failure) {
    if (done) {
      return;
    }
    if (upstream != null) {
      upstream.cancel();
    }
    done = true;
    owner.onFailed(this, failure);
    close();
  }

  /** From now on nothing is told of it. */
  void close() {
    done = true;
    if (streamed != null) {
      streamed.close();
    }
    if (whole != null) {
      words = whole.text();
      whole.release();
      whole = null;
    }
  }
}

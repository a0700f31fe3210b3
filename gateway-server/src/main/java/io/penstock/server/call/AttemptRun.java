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
import io.penstock.providers.StreamReader;
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
final class AttemptRun implements UpstreamListener, StreamReader.Sink {
  private final LoopContext loop;
  private final TargetRuntime target;
  private final Attempt attempt;
  private final boolean stream;
  private final AttemptListener owner;
  private final long startNanos;
  private KeySpread.@Nullable Slot key;
  private @Nullable UpstreamCall upstream;
  private int status;
  private @Nullable HttpHeaders headers;
  private @Nullable StreamReader reader;
  private @Nullable WholeBody whole;
  private AnswerSummary summary = AnswerSummary.NONE;
  private CharSequence words = "";
  private long firstTokenNanos = -1;
  private boolean settled;
  private boolean done;

  /** Creates the run of an attempt that began at that time, on {@link System#nanoTime}. */
  AttemptRun(
      LoopContext loop,
      TargetRuntime target,
      Attempt attempt,
      boolean stream,
      long startNanos,
      AttemptListener owner) {
    this.loop = loop;
    this.target = target;
    this.attempt = attempt;
    this.stream = stream;
    this.startNanos = startNanos;
    this.owner = new Watched(owner);
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
    if (firstTokenNanos < 0) {
      fail(Failure.of(FailureKind.FIRST_TOKEN_TIMEOUT, message));
    }
  }

  /** Returns the text of a streamed answer so far, or of a whole one that reported no usage. */
  CharSequence text() {
    return reader == null ? words : reader.relayedText();
  }

  /** Returns how it ended; the text is dear to gather, so only when the usage is not known. */
  AttemptOutcome outcome(@Nullable Failure failure, boolean clientGone) {
    StreamReader reading = reader;
    AnswerSummary known = reading == null || settled ? summary : reading.summary();
    CharSequence relayed = known.usageReported() ? "" : text();
    return new AttemptOutcome(status, failure, clientGone, known, relayed, firstTokenNanos);
  }

  /** Returns the bytes of text that a stream has given so far. */
  long relayedBytes() {
    return reader == null ? 0 : reader.relayedBytes();
  }

  /** Returns the closing events of a stream that ends before its time; owned by the caller. */
  @Nullable ByteBuf closing(@Nullable String finish, String message, @Nullable String penstock) {
    return reader == null ? null : reader.closing(finish, message, penstock);
  }

  @Override
  public void onHead(int answered, HttpHeaders of) {
    loop.pressure().work();
    status = answered;
    headers = of;
    boolean success = answered >= 200 && answered < 300;
    if (success && stream && isEventStream(of)) {
      try {
        reader = attempt.streamReader(ByteBufAllocator.DEFAULT, this);
      } catch (RuntimeException e) {
        fail(Unreadable.failure(target, e));
      }
    } else {
      whole = new WholeBody(target.provider().provider(), answered, headers());
    }
  }

  private static boolean isEventStream(HttpHeaders of) {
    String type = of.get(HttpHeaderNames.CONTENT_TYPE);
    return type != null && type.contains("event") && type.contains("stream");
  }

  @Override
  public void onData(ByteBuf data) {
    loop.pressure().work();
    if (done) {
      return;
    }
    StreamReader reading = reader;
    if (reading != null) {
      try {
        reading.read(data);
      } catch (RuntimeException e) {
        unreadable(e);
      }
      closeIfDone(reading);
      return;
    }
    WholeBody collecting = whole;
    if (collecting != null && !collecting.add(data)) {
      fail(collecting.tooLarge());
    }
  }

  @Override
  public void onReadComplete() {
    if (!done) {
      owner.onReadComplete(this);
    }
  }

  @Override
  public void onEnd() {
    if (done) {
      return;
    }
    StreamReader reading = reader;
    if (reading != null) {
      finishStream(reading, FailureKind.CUT, "the stream ended without a finish");
      return;
    }
    endWhole();
  }

  private void endWhole() {
    WholeBody collected = whole;
    if (collected == null) {
      return;
    }
    whole = null;
    Answer answer;
    try {
      answer = collected.read(stream, attempt.unaryReader(ByteBufAllocator.DEFAULT));
    } catch (RuntimeException e) {
      // The connection has done its part: nobody else would tell the client.
      summary = Unreadable.summary(e);
      fail(Unreadable.failure(target, e));
      return;
    } finally {
      collected.release();
    }
    summary = answer.summary();
    words = answer.text();
    settled = true;
    close();
    owner.onAnswer(this, answer);
  }

  @Override
  public void onFailure(FailureKind kind, String message) {
    if (!done) {
      StreamReader reading = reader;
      if (reading != null && kind == FailureKind.CUT) {
        // The reader knows whether the answer was complete before the connection broke.
        finishStream(reading, kind, message);
        return;
      }
      fail(Failure.of(kind, message));
    }
  }

  private void finishStream(StreamReader reading, FailureKind otherwise, String message) {
    try {
      reading.end();
    } catch (RuntimeException e) {
      unreadable(e);
    }
    if (!done && settled) {
      close();
      owner.onStreamEnd(this);
    } else if (!done) {
      fail(Failure.of(otherwise, message));
    }
    closeIfDone(reading);
  }

  /** The reader of a stream has a defect; what is settled is complete, whatever is missing. */
  private void unreadable(RuntimeException thrown) {
    Failure failure = Unreadable.failure(target, thrown);
    if (done) {
      return;
    }
    if (!settled) {
      fail(failure);
      return;
    }
    cancel();
    owner.onStreamEnd(this);
  }

  /** A reader that was closed while it read may have taken hold of bytes again. */
  private void closeIfDone(StreamReader reading) {
    if (done) {
      reading.close();
    }
  }

  @Override
  public void emit(ByteBuf bytes, boolean content) {
    if (done) {
      bytes.release();
      return;
    }
    if (content && firstTokenNanos < 0) {
      firstTokenNanos = System.nanoTime() - startNanos;
    }
    owner.onStreamBytes(this, bytes, content);
  }

  @Override
  public @Nullable String settle(AnswerSummary complete) {
    if (done || settled) {
      return null;
    }
    settled = true;
    summary = complete;
    return owner.onStreamSettle(this, complete);
  }

  @Override
  public void fail(Failure failure) {
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

  private void close() {
    done = true;
    if (reader != null) {
      reader.close();
    }
    if (whole != null) {
      whole.release();
      whole = null;
    }
  }
}

package io.penstock.server.call.attempt;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.penstock.core.FailureKind;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Closing;
import io.penstock.providers.Failure;
import io.penstock.providers.StreamReader;
import org.jspecify.annotations.Nullable;

/**
 * The streamed answer of an attempt while its provider's dialect is read. The reader may fail: the
 * attempt then fails with it, or ends as settled. Confined to the attempt's loop.
 */
final class StreamedAnswer implements StreamReader.Sink {
  private final AttemptRun run;
  private final AttemptListener owner;
  private final StreamReader reader;
  private AnswerSummary summary = AnswerSummary.NONE;
  private long firstTokenNanos = -1;
  private boolean settled;

  /**
   * Creates it with a reader of its own.
   *
   * @param owner of the run
   */
  StreamedAnswer(AttemptRun run, AttemptListener owner) {
    this.run = run;
    this.owner = owner;
    this.reader = run.attempt().streamReader(ByteBufAllocator.DEFAULT, this);
    if (owner.readsText()) {
      reader.keepText();
    }
  }

  /** Returns what is known of it so far. */
  AnswerSummary summary() {
    return settled ? summary : reader.summary();
  }

  /** Returns its text so far, or its beginning; dear to gather. */
  CharSequence text() {
    return reader.relayedText();
  }

  /** Returns the bytes of its text so far. */
  long relayedBytes() {
    return reader.relayedBytes();
  }

  /** Returns the nanoseconds from dispatch to the first content; -1 while there is none. */
  long firstTokenNanos() {
    return firstTokenNanos;
  }

  /** Returns the closing events of a stream that ends before its time; owned by the caller. */
  @Nullable ByteBuf closing(Closing how, @Nullable String penstock) {
    return reader.closing(how, penstock);
  }

  /** Takes bytes of it; borrowed. */
  void read(ByteBuf data) {
    try {
      reader.read(data);
    } catch (RuntimeException e) {
      unreadable(e);
    }
    closeIfDone();
  }

  /** There are no more bytes: fails the attempt in that way where the answer is not complete. */
  void end(FailureKind otherwise, String message) {
    try {
      reader.end();
    } catch (RuntimeException e) {
      unreadable(e);
    }
    if (!run.isDone() && settled) {
      over();
    } else if (!run.isDone()) {
      run.fail(Failure.of(otherwise, message));
    }
    closeIfDone();
  }

  /** Returns whether its last event has come: whatever the provider sends behind it is not read. */
  boolean isSettled() {
    return settled;
  }

  /** It is settled and all that was read of it is told: it ends. */
  void over() {
    run.close();
    owner.onStreamEnd(run);
  }

  /** The reader has a defect; what is settled is complete, whatever is missing. */
  void unreadable(Throwable thrown) {
    Failure failure = Unreadable.failure(run.target(), thrown);
    if (run.isDone()) {
      return;
    }
    if (!settled) {
      run.fail(failure);
      return;
    }
    run.cancel();
    owner.onStreamEnd(run);
  }

  /** A reader that was closed while it read may have taken hold of bytes again. */
  private void closeIfDone() {
    if (run.isDone()) {
      reader.close();
    }
  }

  void close() {
    reader.close();
  }

  @Override
  public void emit(ByteBuf bytes, boolean content) {
    if (run.isDone()) {
      bytes.release();
      return;
    }
    if (content && firstTokenNanos < 0) {
      firstTokenNanos = System.nanoTime() - run.startNanos();
    }
    owner.onStreamBytes(run, bytes, content);
  }

  @Override
  public @Nullable String settle(AnswerSummary complete) {
    if (run.isDone() || settled) {
      return null;
    }
    settled = true;
    summary = complete;
    return owner.onStreamSettle(run, complete);
  }

  @Override
  public void fail(Failure failure) {
    run.fail(failure);
  }
}

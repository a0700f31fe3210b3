package io.penstock.server.call.attempt;

import io.netty.buffer.ByteBuf;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Failure;
import io.penstock.server.call.Guard;
import org.jspecify.annotations.Nullable;

/**
 * Stands between an attempt and its owner: whatever the owner throws stops the attempt and is told
 * to the guard. The attempt's reader is below on the stack, and would take the defect for its own.
 * Confined to the attempt's loop.
 */
public final class Watched implements AttemptListener {
  private final AttemptListener owner;
  private final Guard guard;

  public Watched(AttemptListener owner, Guard guard) {
    this.owner = owner;
    this.guard = guard;
  }

  @Override
  public boolean readsText() {
    return owner.readsText();
  }

  @Override
  public void onStreamBytes(AttemptRun attempt, ByteBuf bytes, boolean content) {
    try {
      owner.onStreamBytes(attempt, bytes, content);
    } catch (Throwable e) {
      onBroken(attempt, e);
    }
  }

  @Override
  public @Nullable String onStreamSettle(AttemptRun attempt, AnswerSummary summary) {
    try {
      return owner.onStreamSettle(attempt, summary);
    } catch (Throwable e) {
      onBroken(attempt, e);
      return null;
    }
  }

  @Override
  public void onStreamEnd(AttemptRun attempt) {
    try {
      owner.onStreamEnd(attempt);
    } catch (Throwable e) {
      onBroken(attempt, e);
    }
  }

  @Override
  public void onAnswer(AttemptRun attempt, Answer answer) {
    try {
      owner.onAnswer(attempt, answer);
    } catch (Throwable e) {
      onBroken(attempt, e);
    }
  }

  @Override
  public void onReadComplete(AttemptRun attempt) {
    try {
      owner.onReadComplete(attempt);
    } catch (Throwable e) {
      onBroken(attempt, e);
    }
  }

  @Override
  public void onFailed(AttemptRun attempt, Failure failure) {
    try {
      owner.onFailed(attempt, failure);
    } catch (Throwable e) {
      onBroken(attempt, e);
    }
  }

  private void onBroken(AttemptRun attempt, Throwable why) {
    attempt.cancel();
    guard.broken(why);
  }
}

package io.penstock.server.call;

import io.netty.buffer.ByteBuf;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Failure;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands between an attempt and its owner: whatever the owner throws is told to the owner, once,
 * and ends the attempt. Behind a connection that has done its part nobody else would end the call,
 * and its client would wait for ever. Confined to the attempt's loop.
 */
final class Watched implements AttemptListener {
  private static final Logger LOG = LoggerFactory.getLogger(Watched.class);

  private final AttemptListener owner;
  private boolean broken;

  Watched(AttemptListener owner) {
    this.owner = owner;
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

  @Override
  public void onBroken(AttemptRun attempt, Throwable why) {
    attempt.cancel();
    if (broken) {
      LOG.atError().setCause(why).log("an attempt that was given up failed once more");
      return;
    }
    broken = true;
    owner.onBroken(attempt, why);
  }
}

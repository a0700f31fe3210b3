package io.penstock.server.call.attempt;

import io.netty.buffer.ByteBuf;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Failure;
import org.jspecify.annotations.Nullable;

/**
 * Hears how an attempt goes, by way of {@link Watched}: what one of these throws is a defect of the
 * gateway, stops the attempt, and nothing follows. Called on the attempt's event loop.
 */
public interface AttemptListener {
  /** Returns whether the text of a streamed answer is read when it is settled. */
  default boolean readsText() {
    return false;
  }

  /** Bytes of a streamed answer; owned by the callee. */
  void onStreamBytes(AttemptRun attempt, ByteBuf bytes, boolean content);

  /** The streamed answer is complete; returns the JSON for its last event, or null. */
  @Nullable String onStreamSettle(AttemptRun attempt, AnswerSummary summary);

  /** The last bytes of a streamed answer were given to {@link #onStreamBytes}. */
  void onStreamEnd(AttemptRun attempt);

  /** A whole answer; its body is owned by the callee. */
  void onAnswer(AttemptRun attempt, Answer answer);

  /** What was read should be sent. */
  void onReadComplete(AttemptRun attempt);

  /** The attempt failed. */
  void onFailed(AttemptRun attempt, Failure failure);
}

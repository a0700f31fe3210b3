package io.penstock.server.call.accounting;

import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import io.penstock.server.call.Call;
import io.penstock.server.targets.TargetRuntime;

/**
 * What answers are taken to have had that nobody saw and that may be billed all the same: what a
 * model thought in silence, and what came of an answer that was not read. Learned from those that
 * were told whole, by target. Thread-safe.
 */
public final class UnseenOutput {
  /** What is thought in silence where no answer has told yet. Tokens. */
  private static final long UNKNOWN_THOUGHT = 2_048;

  /** A stream of fewer bytes for each token that was billed has not shown all of them. */
  private static final int LEAST_SHOWN = 2;

  /** Under which what is learned of all targets together is kept: no target has that label. */
  private static final String ALL = "";

  private final LearnedOutput thoughts = new LearnedOutput();
  private final LearnedOutput wholeAnswers = new LearnedOutput();

  UnseenOutput() {}

  /**
   * Notes what a stream that was answered had thought in silence.
   *
   * @param shownBytes of text that it sent
   */
  public void learnThought(TargetRuntime target, Usage usage, long shownBytes) {
    if (!target.showsWhatItBills()) {
      boolean shown = shownBytes >= LEAST_SHOWN * usage.outputTokens();
      thoughts.learn(target.label(), shown ? 0 : usage.of(Meter.OUTPUT_REASONING));
    }
  }

  /**
   * Returns the tokens that a target is likely to have thought in silence before or while it
   * answered: what 99 of 100 of its answers did not pass, for a client that always leaves early
   * must not think for nothing.
   */
  long thought(TargetRuntime target) {
    if (target.showsWhatItBills()) {
      return 0;
    }
    long learned = thoughts.likely(target.label());
    if (learned >= 0) {
      return learned;
    }
    return switch (target.target().dialect()) {
      // These show their thoughts, or have none unless they are asked for.
      case ANTHROPIC, BEDROCK, COHERE -> 0;
      default -> UNKNOWN_THOUGHT;
    };
  }

  /** Notes the output of a call that was answered whole, tokens of all answers together. */
  void learnWhole(Call call, TargetRuntime target, long tokens) {
    long each = tokens / OutputCap.answers(call, target);
    wholeAnswers.learn(target.label(), each);
    wholeAnswers.learn(ALL, each);
  }

  /**
   * Returns the output tokens that whole answers that were not read are taken to have had: what 99
   * of 100 of this target's do not pass, or all that is held as long as none is known, for the
   * provider may bill what the gateway has not seen.
   *
   * @param beaten another target has answered the same question, and this one was stopped: as long
   *     as none of its answers is known, those of all targets count
   * @param held the most that they may be
   */
  long unread(Call call, TargetRuntime target, long held, boolean beaten) {
    long own = wholeAnswers.likely(target.label());
    long learned = own < 0 && beaten ? wholeAnswers.likely(ALL) : own;
    return learned < 0 ? held : Math.min(learned * OutputCap.answers(call, target), held);
  }
}

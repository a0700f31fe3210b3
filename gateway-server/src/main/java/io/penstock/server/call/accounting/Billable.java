package io.penstock.server.call.accounting;

import io.penstock.core.Endpoint;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Failure;
import io.penstock.providers.Told;
import io.penstock.server.call.Call;
import io.penstock.server.call.attempt.AttemptOutcome;
import io.penstock.server.targets.TargetRuntime;
import io.penstock.server.tokens.TokenCounter;

/** What is booked of an attempt whose provider did not report what it used. Stateless. */
final class Billable {
  /** So many times its context a call is never billed. */
  private static final long MOST_CONTEXTS = 100;

  /** Of a model that the catalogue knows none of, tokens. */
  private static final long USUAL_CONTEXT = 1_000_000;

  private Billable() {}

  /**
   * Returns whether the provider may bill the attempt. Free is what it never had, what it refused,
   * by a status or in place of an answer (and told no usage of), and what costs nothing anywhere. A
   * time-out, a reset or an answer that cannot be read says nothing of what it did.
   */
  static boolean isBillable(Endpoint endpoint, AttemptOutcome outcome) {
    boolean refused = outcome.status() != 0 && (outcome.status() < 200 || outcome.status() >= 300);
    return outcome.sent() && !refused && !isFree(endpoint) && !isRefusal(outcome);
  }

  private static boolean isFree(Endpoint endpoint) {
    return endpoint == Endpoint.MODERATIONS || endpoint.countsTokens();
  }

  /**
   * Returns whether there is an error of the provider's own where the answer should be, and nothing
   * told of what was used until then.
   */
  private static boolean isRefusal(AttemptOutcome outcome) {
    Failure failure = outcome.failure();
    boolean worked = outcome.firstTokenNanos() >= 0 || !outcome.summary().usage().isEmpty();
    return failure != null && !worked && isOwnError(failure);
  }

  /**
   * Returns whether an answer can have used that much. Tools of a provider's own read a context
   * again and again; what is far beyond that is a mistake, and no sum of money.
   *
   * @param held output tokens that it may have
   */
  static boolean isCredible(Call call, TargetRuntime target, Usage told, long held) {
    long known = target.price().contextLimit();
    long context = Math.max(held, known < 0 ? USUAL_CONTEXT : known);
    return !call.surface().endpoint().isText()
        || told.inputTokens() + told.outputTokens() <= MOST_CONTEXTS * context;
  }

  /** Returns whether the provider itself said that it failed. */
  private static boolean isOwnError(Failure failure) {
    return switch (failure.kind()) {
      case CONNECT,
          RESET,
          FIRST_BYTE_TIMEOUT,
          FIRST_TOKEN_TIMEOUT,
          IDLE_TIMEOUT,
          TOTAL_TIMEOUT,
          CUT,
          MALFORMED,
          TOO_LARGE,
          NO_BUFFER,
          UNTRANSLATABLE ->
          false;
      // Without words it is no error.
      default -> !failure.message().isEmpty();
    };
  }

  /** Returns the text that counts as output; bytes that are sound, images or vectors do not. */
  static CharSequence written(Endpoint endpoint, AttemptOutcome outcome) {
    return switch (endpoint) {
      case EMBEDDINGS, EMBED_CONTENT, BATCH_EMBED_CONTENTS, IMAGES, SPEECH, RERANK -> "";
      default -> outcome.relayed();
    };
  }

  /** Returns whether an attempt shows how much text this target answers with, whole. */
  static boolean isTypical(Endpoint endpoint, AttemptOutcome outcome) {
    return outcome.failure() == null
        && outcome.firstTokenNanos() < 0
        && outcome.summary().usage().outputTokens() > 0
        && isText(endpoint);
  }

  private static boolean isText(Endpoint endpoint) {
    return switch (endpoint) {
      case COMPLETIONS, TRANSCRIPTIONS, TRANSLATIONS -> true;
      default -> endpoint.isConversation();
    };
  }

  /**
   * Returns whether the provider has said what it bills. A model that is billed by the tokens of
   * its images has not when only the images can be counted, nor one that is billed by the query
   * when it tells tokens.
   */
  static boolean isReported(Call call, TargetRuntime target, AnswerSummary summary) {
    if (call.surface().endpoint() == Endpoint.RERANK
        && summary.usage().of(Meter.RERANK_QUERY) == 0
        && Fees.isBilled(call, target, Meter.RERANK_QUERY)) {
      return false;
    }
    return summary.usageReported()
        && (summary.usage().of(Meter.IMAGE) == 0
            || target.price().rate(Meter.IMAGE, call.startMillis()) != null
            || !Fees.isBilled(call, target, Meter.OUTPUT_IMAGE));
  }

  /** Returns whether the provider ended it with an error before any content: it thinks no more. */
  private static boolean failedFirst(AttemptOutcome outcome) {
    Failure failure = outcome.failure();
    return failure != null && outcome.firstTokenNanos() < 0 && isOwnError(failure);
  }

  /**
   * Returns max(last reported, counted), meter by meter. What was written and did not come cannot
   * be counted: the provider goes on with a whole answer though nobody waits for it.
   *
   * @param thought tokens that the target is likely to have thought in silence
   * @param unread tokens that an answer that was not read is taken to have had, thoughts included
   */
  static Usage usage(
      Call call,
      TargetRuntime target,
      AttemptOutcome outcome,
      TokenCounter.Counts counts,
      long thought,
      long unread) {
    Usage reported = outcome.summary().usage();
    Usage.Builder usage = reported.toBuilder();
    if (reported.inputTokens() == 0) {
      usage.set(Meter.INPUT, counts.input());
    }
    if (outcome.summary().told() == Told.PART) {
      write(usage, call, outcome, counts.output(), thought, unread);
    }
    Usage fees = Fees.estimate(call, target);
    for (Meter meter : Fees.ESTIMATED) {
      usage.set(meter, Math.max(reported.of(meter), fees.of(meter)));
    }
    return Fees.complete(target, usage.build());
  }

  /** Counts the output, of which the provider has not told all. */
  private static void write(
      Usage.Builder usage,
      Call call,
      AttemptOutcome outcome,
      long counted,
      long thought,
      long unread) {
    Usage reported = outcome.summary().usage();
    boolean isUnread = outcome.unread() && isText(call.surface().endpoint());
    long written = isUnread ? Math.max(unread, counted) : counted;
    long known = reported.outputTokens();
    if (known < written) {
      usage.add(Meter.OUTPUT, written - known);
    }
    if (!isUnread
        && !failedFirst(outcome)
        && call.surface().endpoint().isConversation()
        && reported.of(Meter.OUTPUT_REASONING) == 0) {
      usage.set(Meter.OUTPUT_REASONING, thought);
    }
  }
}

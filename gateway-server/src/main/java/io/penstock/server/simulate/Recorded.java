package io.penstock.server.simulate;

import io.penstock.core.Ending;
import io.penstock.core.Endpoint;
import io.penstock.core.price.Usage;
import io.penstock.ledger.CacheOutcome;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.Waste;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request that was made, and what became of it.
 *
 * @param id unique; the seed of its draws
 * @param atMillis when it arrived, epoch milliseconds
 * @param rows what the ledger has of it; empty: only its shape is known
 * @param tight whether its hold is taken for no more than it used: a wider one would not have fit
 */
record Recorded(
    String id,
    long atMillis,
    LedgerRow.Caller caller,
    Question question,
    List<LedgerRow> rows,
    boolean tight) {

  Recorded {
    rows = List.copyOf(rows);
  }

  /**
   * What was asked.
   *
   * @param routed the name that was routed: {@code model}, or what a header said
   * @param maxTokens the output cap that was sent, or -1 when it is not known
   * @param bytes of the body, or -1 when they are not known
   * @param usage what was read and written, null when nothing tells
   * @param text what the prompt says, null when it was not kept
   * @param complexity need for a strong model, 0..1, or NaN when nothing tells
   * @param content equal for requests that a cache would take for one; "" when it is not known
   * @param blocks ids of the prompt's parts of 512 tokens: equal ids, equal prefix up to there
   */
  record Question(
      Endpoint endpoint,
      String model,
      String routed,
      boolean stream,
      long maxTokens,
      long bytes,
      @Nullable Usage usage,
      @Nullable Prompt text,
      double complexity,
      String content,
      List<Long> blocks) {}

  /** A prompt that was kept: the last user message, the system prompt and counts. */
  record Prompt(String text, String system, int turns, int tools, int images) {}

  Recorded(
      String id, long atMillis, LedgerRow.Caller caller, Question question, List<LedgerRow> rows) {
    this(id, atMillis, caller, question, rows, false);
  }

  /** Returns this request with the smallest hold that it can have had. */
  Recorded tightened() {
    return new Recorded(id, atMillis, caller, question, rows, true);
  }

  boolean happened() {
    return !rows.isEmpty();
  }

  /** Returns the attempts on clients' behalf, in order. */
  List<LedgerRow> tries() {
    return rows.stream()
        .filter(row -> row.attempt().number() > 0 && !row.attempt().cause().isOverhead())
        .toList();
  }

  /** Returns the row of a refusal or of a cache hit, or null. */
  @Nullable LedgerRow withoutAttempt() {
    for (LedgerRow row : rows) {
      if (row.attempt().number() == 0) {
        return row;
      }
    }
    return null;
  }

  /** Returns whether the cache answered, or null when nothing is known. */
  @Nullable CacheOutcome cache() {
    for (LedgerRow row : rows) {
      if (!row.attempt().cause().isOverhead()) {
        return row.outcome().cache();
      }
    }
    return null;
  }

  /** Returns the longest time that any of its rows took, milliseconds; a guess from a shape. */
  long tookMillis() {
    long nanos = 0;
    for (LedgerRow row : rows) {
      nanos = Math.max(nanos, row.times().latencyNanos());
    }
    if (happened()) {
      return nanos / 1_000_000;
    }
    Usage usage = question.usage();
    return usage == null ? 0 : 500 + usage.outputTokens() * 20;
  }

  /** Returns whether the client got this answer: an unaccepted one of a cascade is none. */
  static boolean answered(LedgerRow row) {
    int status = row.outcome().status();
    return status >= 200
        && status < 300
        && row.outcome().waste() != Waste.CASCADE
        && (row.outcome().ending() == Ending.COMPLETED
            || row.outcome().ending() == Ending.CLIENT_GONE);
  }

  /**
   * Returns whether it was turned down though it is whole: its client got it after all when no
   * stronger one answered.
   */
  static boolean turnedDown(LedgerRow row) {
    int status = row.outcome().status();
    return status >= 200
        && status < 300
        && row.outcome().waste() == Waste.CASCADE
        && row.outcome().ending() == Ending.COMPLETED;
  }

  /** Returns the row of the answer that the client got, or null. */
  @Nullable LedgerRow answer() {
    List<LedgerRow> tries = tries();
    LedgerRow weak = null;
    for (LedgerRow row : tries.reversed()) {
      if (answered(row)) {
        return row;
      }
      weak = weak == null && turnedDown(row) ? row : weak;
    }
    boolean left = !tries.isEmpty() && tries.getLast().outcome().ending() == Ending.CLIENT_GONE;
    return left ? null : weak;
  }

  static String target(LedgerRow row) {
    return row.destination().provider() + "/" + row.destination().model();
  }
}

package io.penstock.server.call;

import io.penstock.budget.RateState;
import io.penstock.budget.Reservation;
import io.penstock.budget.Verdict;
import io.penstock.core.Ending;
import io.penstock.core.body.Json;
import io.penstock.core.price.Meter;
import io.penstock.core.price.NanoUsd;
import io.penstock.core.price.Usage;
import io.penstock.ledger.CacheOutcome;
import io.penstock.ledger.Charge;
import io.penstock.ledger.Intent;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.UsageSource;
import io.penstock.ledger.Waste;
import io.penstock.providers.Failure;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The money of one attempt: opened with its worst case, settled once with what it cost. Confined to
 * its event loop.
 */
final class Account {
  /**
   * What a settled attempt cost. Nano-USD.
   *
   * @param costNanos this attempt alone
   * @param totalNanos all attempts of the request so far
   * @param savedNanos what the request has saved so far; negative when it cost more
   */
  record Settled(long costNanos, long totalNanos, long savedNanos) {
    String cost() {
      return NanoUsd.format(totalNanos);
    }

    String saved() {
      return NanoUsd.format(savedNanos);
    }

    /** Returns the JSON for the last event of a stream. */
    String json() {
      return "{\"cost_usd\":" + cost() + ",\"saved_usd\":" + saved() + "}";
    }

    /** Does the same for a stream that another target than its headers say has gone on with. */
    String json(String continuedBy) {
      return "{\"continued_by\":" + Json.quote(continuedBy) + "," + json().substring(1);
    }
  }

  private final Accounting books;
  private final Call call;
  private final TargetRuntime target;
  private Intent intent;
  private byte[] asked;
  private final Reservation reservation;
  private final long startNanos;
  private boolean settled;

  Account(
      Accounting books, Call call, TargetRuntime target, Intent intent, Reservation reservation) {
    this.books = books;
    this.call = call;
    this.target = target;
    this.intent = intent;
    this.reservation = reservation;
    this.asked = call.bytes();
    this.startNanos = call.tally().upstreamBegins();
  }

  /** Something else than the client's body is asked: that is counted when no usage is reported. */
  void asks(byte[] body) {
    asked = body;
  }

  /** Returns when the attempt began, on {@link System#nanoTime}. */
  long startNanos() {
    return startNanos;
  }

  /** Returns whether the row is written: the answer may still be on its way to the client. */
  boolean isSettled() {
    return settled;
  }

  /** Returns what the tightest budget allows beyond holds, or {@link Long#MAX_VALUE}. */
  long remainingNanos() {
    return reservation.remainingNanos();
  }

  /**
   * Asks for more, in the windows of the hold.
   *
   * @param bound the new worst case, nano-USD
   * @param tokens more than before
   */
  Verdict extend(long bound, long tokens) {
    return reservation.extend(bound - intent.bound(), tokens);
  }

  /** More was granted: if the process dies the journal says so. */
  void extended(long bound) {
    intent =
        new Intent(
            intent.attempt(),
            intent.reservedAt(),
            intent.caller(),
            intent.destination(),
            bound,
            intent.priceVersion(),
            Charges.toLedger(reservation.holds()));
    call.context().ledger().extend(intent.attempt().rowId(), bound, intent.holds());
  }

  /** Books what the gateway's own marks for the prompt cache brought, at this attempt's price. */
  void promptCache(Usage usage) {
    books.promptCache(call, target.price(), usage, intent.reservedAt());
  }

  /** Returns the rates that this attempt used. */
  List<RateState> rates() {
    return reservation.rates();
  }

  /**
   * Settles the attempt: ROW in the journal, hold given back. When the provider did not report what
   * it did, tokens are counted off the loop and the row follows as soon as they are; until then the
   * worst case stays charged.
   */
  Settled settle(AttemptOutcome outcome, Ending ending, Waste waste) {
    if (settled) {
      throw new IllegalStateException("settled twice: " + intent.attempt());
    }
    long endNanos = call.tally().upstreamEnds();
    settled = true;
    if (outcome.summary().usageReported()) {
      return book(
          outcome,
          Fees.complete(target, outcome.summary().usage()),
          UsageSource.REPORTED,
          ending,
          waste,
          endNanos);
    }
    if (!mayBeBilled(outcome)) {
      return book(outcome, Usage.NONE, UsageSource.NONE, ending, waste, endNanos);
    }
    books
        .counter()
        .count(
            target.model(),
            asked,
            outcome.relayed(),
            call.context().loop(),
            counts ->
                book(
                    outcome,
                    estimate(outcome, counts.input(), counts.output()),
                    UsageSource.ESTIMATED,
                    ending,
                    waste,
                    endNanos));
    return new Settled(0, call.tally().spentNanos(), call.tally().savedNanos());
  }

  /**
   * Settles an attempt that the gateway itself failed with, if it is not settled. Where not even
   * what it used can be told, its worst case is charged, and its intent stays in the journal.
   *
   * @param attempt null when nothing was sent
   */
  void broken(@Nullable AttemptRun attempt) {
    if (settled) {
      return;
    }
    try {
      Failure failure = Unreadable.broken();
      AttemptOutcome outcome = Objects.requireNonNull(attempt).outcome(failure, true);
      settle(outcome, ClientErrors.ending(failure), Waste.FAILED);
    } catch (RuntimeException | Error e) {
      Unreadable.unrecorded(call, e);
      if (!settled) {
        settled = true;
        reservation.settle(intent.bound(), reservation.heldTokens());
      }
    }
  }

  /**
   * Returns whether the provider may bill an attempt that it did not report on: a complete answer,
   * or one that had begun when it was cut. Refused requests and errors before the first token are
   * free.
   */
  private static boolean mayBeBilled(AttemptOutcome outcome) {
    boolean accepted = outcome.status() >= 200 && outcome.status() < 300;
    Failure failure = outcome.failure();
    return accepted && (failure == null || outcome.relayed().length() > 0 || outcome.clientGone())
        || outcome.clientGone() && outcome.status() == 0;
  }

  /** Returns max(last reported, counted), meter by meter. */
  private Usage estimate(AttemptOutcome outcome, long input, long output) {
    Usage reported = outcome.summary().usage();
    Usage.Builder usage = reported.toBuilder();
    if (reported.inputTokens() == 0) {
      usage.set(Meter.INPUT, input);
    }
    long known = reported.outputTokens();
    if (known < output) {
      usage.add(Meter.OUTPUT, output - known);
    }
    if (call.surface().endpoint().isConversation() && reported.of(Meter.OUTPUT_REASONING) == 0) {
      usage.set(Meter.OUTPUT_REASONING, books.thought(target));
    }
    Usage fees = Fees.estimate(call, target);
    for (Meter meter : List.of(Meter.AUDIO_SECOND, Meter.RERANK_QUERY, Meter.OUTPUT_AUDIO)) {
      usage.set(meter, Math.max(reported.of(meter), fees.of(meter)));
    }
    return Fees.complete(target, usage.build());
  }

  private Settled book(
      AttemptOutcome outcome,
      Usage usage,
      UsageSource source,
      Ending ending,
      Waste waste,
      long endNanos) {
    try {
      return row(outcome, usage, source, ending, waste, endNanos);
    } catch (RuntimeException | Error e) {
      // The intent stays in the journal and becomes a row at its worst case: so much is charged.
      reservation.settle(intent.bound(), reservation.heldTokens());
      throw e;
    }
  }

  private Settled row(
      AttemptOutcome outcome,
      Usage usage,
      UsageSource source,
      Ending ending,
      Waste waste,
      long endNanos) {
    LedgerRow.Money money = books.price(target, usage, intent, source == UsageSource.ESTIMATED);
    long stored = stored(outcome);
    if (stored > 0) {
      money = Savings.stored(money, stored);
    } else if (source == UsageSource.REPORTED && !intent.attempt().cause().isOverhead()) {
      money =
          Savings.claim(
              money,
              call.snapshot().baselines().of(call.routedModel()),
              usage,
              waste,
              intent.reservedAt());
    }
    long tokens = usage.inputTokens() + usage.outputTokens();
    List<Charge> charges =
        Charges.toLedger(
            reservation.settle(
                money.cost(),
                // As the cost: what is only estimated is no debt.
                source == UsageSource.ESTIMATED
                    ? Math.min(tokens, reservation.heldTokens())
                    : tokens));
    Failure failure = outcome.failure();
    String error =
        failure == null
            ? ""
            : failure.code() != null ? failure.code() : ClientErrors.code(failure).code();
    boolean first = intent.attempt().number() == 1;
    Tally tally = call.tally();
    LedgerRow row =
        new LedgerRow(
            intent.attempt(),
            new LedgerRow.Times(
                intent.reservedAt(),
                books.ticker().epochMillis(),
                endNanos - (first ? tally.startNanos() : startNanos),
                tally.overheadNanos(),
                outcome.firstTokenNanos()),
            intent.caller(),
            intent.destination(),
            new LedgerRow.Outcome(
                outcome.status(),
                ending,
                error,
                "",
                stored > 0 ? CacheOutcome.PARTIAL : call.cacheOutcome(),
                money.cost() == 0 ? Waste.NONE : waste),
            usage,
            source,
            money,
            charges);
    books.beyondBound(target, intent, money.cost());
    books.write(call, target, row);
    boolean overhead = intent.attempt().cause().isOverhead();
    tally.spent(money.cost(), money.saved() - money.premium() - (overhead ? money.cost() : 0));
    return new Settled(money.cost(), tally.spentNanos(), tally.savedNanos());
  }

  /** Returns what the inputs would have cost that were stored, so that nobody asked for them. */
  private long stored(AttemptOutcome outcome) {
    CachePart part = call.cache();
    EmbeddingBatch batch = part == null ? null : part.batch();
    boolean answered =
        outcome.status() == 200 && outcome.failure() == null && !outcome.clientGone();
    return batch == null || !answered || intent.attempt().cause().isOverhead()
        ? 0
        : batch.savedNanos(target, intent.reservedAt());
  }
}

package io.penstock.server.call.accounting;

import io.penstock.budget.RateState;
import io.penstock.budget.Reservation;
import io.penstock.budget.Verdict;
import io.penstock.core.Ending;
import io.penstock.core.price.Usage;
import io.penstock.ledger.CacheOutcome;
import io.penstock.ledger.Cause;
import io.penstock.ledger.Charge;
import io.penstock.ledger.Intent;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.UsageSource;
import io.penstock.ledger.Waste;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Failure;
import io.penstock.server.call.CachePart;
import io.penstock.server.call.Call;
import io.penstock.server.call.EmbeddingBatch;
import io.penstock.server.call.Guard;
import io.penstock.server.call.Tally;
import io.penstock.server.call.attempt.AttemptOutcome;
import io.penstock.server.call.attempt.AttemptRun;
import io.penstock.server.call.attempt.Unreadable;
import io.penstock.server.call.reply.ClientErrors;
import io.penstock.server.targets.TargetRuntime;
import io.penstock.server.tokens.TokenCounter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The money of one attempt: opened with its worst case, settled once with what it cost. Confined to
 * its event loop.
 */
public final class Account {
  private final Accounting books;
  private final Call call;
  private final TargetRuntime target;
  private Intent intent;
  private byte[] asked;
  private final long heldOutput;
  private final Reservation reservation;
  private final long startNanos;
  private boolean settled;

  /**
   * Opens it.
   *
   * @param heldOutput tokens that the answer may have at most, without what it is stretched by
   */
  Account(
      Accounting books,
      Call call,
      TargetRuntime target,
      Intent intent,
      long heldOutput,
      Reservation reservation) {
    this.books = books;
    this.call = call;
    this.target = target;
    this.intent = intent;
    this.heldOutput = heldOutput;
    this.reservation = reservation;
    this.asked = call.bytes();
    this.startNanos = call.tally().upstreamBegins();
  }

  /** Something else than the client's body is asked: that is counted when no usage is reported. */
  public void asks(byte[] body) {
    asked = body;
  }

  /** Returns the attempt's number within its request, from 1. */
  public int number() {
    return intent.attempt().number();
  }

  /** Returns when the attempt began, on {@link System#nanoTime}. */
  public long startNanos() {
    return startNanos;
  }

  /** Returns whether the row is written: the answer may still be on its way to the client. */
  public boolean isSettled() {
    return settled;
  }

  /** Returns what the tightest budget allows beyond holds, or {@link Long#MAX_VALUE}. */
  public long remainingNanos() {
    return reservation.remainingNanos();
  }

  /**
   * Asks for more, in the windows of the hold.
   *
   * @param bound the new worst case, nano-USD
   * @param tokens more than before
   */
  public Verdict extend(long bound, long tokens) {
    return reservation.extend(bound - intent.bound(), tokens);
  }

  /** More was granted: if the process dies the journal says so. */
  public void extended(long bound) {
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
  public void promptCache(Usage used) {
    Usage usage = used.withoutPasses();
    books.promptCache(call, Accounting.price(target, usage), usage, intent.reservedAt());
  }

  /** Returns the rates that this attempt used. */
  public List<RateState> rates() {
    return reservation.rates();
  }

  /**
   * Settles the attempt: ROW in the journal, hold given back. When the provider did not report what
   * it did, tokens are counted off the loop and the row follows as soon as they are; until then the
   * worst case stays charged. So it does where this fails: the intent stays in the journal, and
   * becomes a row when the gateway starts again.
   */
  public Settled settle(AttemptOutcome told, Ending ending, Waste waste) {
    if (settled) {
      throw new IllegalStateException("settled twice: " + intent.attempt());
    }
    AttemptOutcome outcome = isCredible(told.summary()) ? told : told.disbelieved();
    long end = call.tally().upstreamEnds();
    Close close = new Close(outcome, ending, waste, end, call.tally().overheadNanos(end));
    settled = true;
    try {
      if (Billable.isReported(call, target, outcome.summary())) {
        Usage usage = Fees.complete(target, outcome.summary().usage());
        if (Billable.isTypical(call.surface().endpoint(), outcome)) {
          books.learnWhole(call, target, usage.outputTokens());
        }
        return row(close, usage, UsageSource.REPORTED);
      }
      if (!Billable.isBillable(call.surface().endpoint(), outcome)) {
        return row(close, Usage.NONE, UsageSource.NONE);
      }
    } catch (RuntimeException | Error e) {
      chargeWorstCase();
      throw e;
    }
    count(close);
    return new Settled(0, call.tally().spentNanos(), call.tally().savedNanos(), false);
  }

  private boolean isCredible(AnswerSummary told) {
    return Billable.isCredible(call, target, told.usage(), heldOutput);
  }

  /** Returns a summary, without its usage if that cannot be: of this nothing is learned or kept. */
  public AnswerSummary believed(AnswerSummary told) {
    return isCredible(told) ? told : told.disbelieved();
  }

  private void count(Close close) {
    Guard guard = new Guard(call, this::uncounted);
    call.tally().countingBegins();
    guard.run(() ->
        books
            .counter()
            .count(
                target.model(),
                asked,
                Billable.written(call.surface().endpoint(), close.outcome),
                guard,
                counts -> estimated(close, counts)));
  }

  private void estimated(Close close, TokenCounter.Counts counts) {
    long unread = books.unread(call, target, heldOutput, close.waste == Waste.HEDGE);
    Usage usage =
        Billable.usage(call, target, close.outcome, counts, books.thought(target), unread);
    row(close, usage, UsageSource.ESTIMATED);
    call.tally().counted();
  }

  /**
   * Settles an attempt that the gateway itself failed with, if it is not settled. Where not even
   * what it used can be told, its worst case is charged.
   *
   * @param attempt null when none was made
   * @param why what it failed with
   */
  public void broken(@Nullable AttemptRun attempt, Throwable why) {
    if (settled) {
      return;
    }
    Failure failure = Unreadable.broken(why);
    try {
      settle(
          attempt == null ? AttemptOutcome.unsent(failure) : attempt.outcome(failure, true),
          ClientErrors.ending(failure),
          Waste.FAILED);
    } catch (RuntimeException | Error e) {
      settled = true;
      chargeWorstCase();
      Unreadable.unrecorded(call, e);
    }
  }

  private void uncounted(Throwable why) {
    chargeWorstCase();
    Unreadable.unrecorded(call, why);
    call.tally().counted();
  }

  /** Gives the hold back; does nothing where what it cost is charged. */
  private void chargeWorstCase() {
    reservation.settle(intent.bound(), reservation.heldTokens());
  }

  /**
   * How it ended.
   *
   * @param endNanos on {@link System#nanoTime}
   * @param overheadNanos of the call until then: a row may follow when its client has long gone
   */
  private record Close(
      AttemptOutcome outcome, Ending ending, Waste waste, long endNanos, long overheadNanos) {}

  /**
   * Writes the row; {@code told} is as it was reported or estimated, the row has what is billed.
   */
  private Settled row(Close close, Usage told, UsageSource source) {
    Usage used = inTier(told);
    AttemptOutcome outcome = close.outcome;
    Waste waste = close.waste;
    Usage usage = Accounting.price(target, used).billed(used, intent.reservedAt());
    Usage part = source == UsageSource.ESTIMATED ? inTier(outcome.summary().usage()) : null;
    LedgerRow.Money money = books.price(target, usage, intent, part);
    long stored = stored(outcome);
    if (stored > 0) {
      money = Savings.stored(money, stored);
    } else if ((source == UsageSource.REPORTED || Savings.isLoss(waste))
        && !intent.attempt().cause().isOverhead()) {
      money =
          Savings.claim(
              money,
              target,
              call.snapshot().baselines().of(call.routedModel()),
              used,
              waste,
              intent.reservedAt());
    }
    long tokens = usage.inputTokens() + usage.outputTokens();
    List<Charge> charges =
        Charges.toLedger(
            reservation.settle(
                money.cost(),
                // As the cost: what is only estimated is no debt.
                part == null ? tokens : Math.min(tokens, most(part))));
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
                close.endNanos - (first ? tally.startNanos() : startNanos),
                close.overheadNanos,
                outcome.firstTokenNanos()),
            intent.caller(),
            intent.destination(),
            new LedgerRow.Outcome(
                outcome.status(),
                close.ending,
                error,
                "",
                cacheOutcome(stored),
                money.cost() == 0 ? Waste.NONE : waste),
            usage,
            source,
            money,
            charges);
    books.beyondBound(target, intent, money.cost());
    books.write(call, target, row);
    boolean overhead = intent.attempt().cause().isOverhead();
    tally.spent(money.cost(), money.saved() - money.premium() - (overhead ? money.cost() : 0));
    return new Settled(money.cost(), tally.spentNanos(), tally.savedNanos(), !tally.isCounting());
  }

  private long most(Usage told) {
    return Math.max(reservation.heldTokens(), told.inputTokens() + told.outputTokens());
  }

  /** What the gateway asks in words of its own, it asks in no tier. */
  private Usage inTier(Usage told) {
    Cause cause = intent.attempt().cause();
    boolean own = cause == Cause.VERIFY || cause == Cause.EMBEDDING;
    return own ? told : Fees.inTier(call, target, told, intent.reservedAt());
  }

  /** What the cache did for the call, it did not for what the gateway asks of its own. */
  private CacheOutcome cacheOutcome(long stored) {
    if (intent.attempt().cause().isOverhead()) {
      return CacheOutcome.OFF;
    }
    return stored > 0 ? CacheOutcome.PARTIAL : call.cacheOutcome();
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

package io.penstock.server.call.accounting;

import io.penstock.budget.RateState;
import io.penstock.budget.Reservation;
import io.penstock.budget.Verdict;
import io.penstock.core.Ending;
import io.penstock.core.price.PricedModel;
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
import io.penstock.server.call.Call;
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
    books.pricing().promptCache(call.principal().team(), target, used, intent.reservedAt());
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
    AttemptEnd close = new AttemptEnd(outcome, ending, waste, end, call.tally().overheadNanos(end));
    settled = true;
    try {
      if (Billable.isReported(call, target, outcome.summary())) {
        Usage usage = Fees.complete(target, outcome.summary().usage());
        if (Billable.isTypical(call.surface().endpoint(), outcome)) {
          books.unseen().learnWhole(call, target, usage.outputTokens());
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

  private void count(AttemptEnd close) {
    Guard guard = new Guard(call, this::uncounted);
    call.tally().countingBegins();
    guard.run(() ->
        books
            .counter()
            .count(
                target.model(),
                asked,
                Billable.written(call.surface().endpoint(), close.outcome()),
                guard,
                counts -> estimated(close, counts)));
  }

  private void estimated(AttemptEnd close, TokenCounter.Counts counts) {
    UnseenOutput unseen = books.unseen();
    long unread = unseen.unread(call, target, heldOutput, close.waste() == Waste.HEDGE);
    Usage usage =
        Billable.usage(call, target, close.outcome(), counts, unseen.thought(target), unread);
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
   * Writes the row; {@code told} is as it was reported or estimated, the row has what is billed.
   */
  private Settled row(AttemptEnd close, Usage told, UsageSource source) {
    long at = intent.reservedAt();
    Cause cause = intent.attempt().cause();
    Usage used = Fees.inTier(call, target, cause, told, at);
    Usage usage = Pricing.ofAnswer(target, used).billed(used, at);
    Usage part =
        source == UsageSource.ESTIMATED
            ? Fees.inTier(call, target, cause, close.outcome().summary().usage(), at)
            : null;
    LedgerRow.Money paid = books.pricing().money(target, usage, intent, part);
    long stored = cause.isOverhead() || !close.isAnswered() ? 0 : Savings.stored(call, target, at);
    LedgerRow.Money money =
        stored > 0 ? Savings.stored(paid, stored) : claimed(paid, close.waste(), used, source);
    List<Charge> charges = charge(money.cost(), usage, part);
    boolean first = intent.attempt().number() == 1;
    Tally tally = call.tally();
    LedgerRow row =
        new LedgerRow(
            intent.attempt(),
            close.times(at, books.ticker().epochMillis(), first ? tally.startNanos() : startNanos),
            intent.caller(),
            intent.destination(),
            close.outcome(cacheOutcome(stored), money.cost()),
            usage,
            source,
            money,
            charges);
    books.pricing().beyondBound(target, intent, money.cost());
    books.write(call, target, row);
    long overhead = cause.isOverhead() ? money.cost() : 0;
    tally.spent(money.cost(), money.saved() - money.premium() - overhead);
    return new Settled(money.cost(), tally.spentNanos(), tally.savedNanos(), !tally.isCounting());
  }

  /** Of an estimate only a loss is claimed, and nothing of what the gateway asks of its own. */
  private LedgerRow.Money claimed(
      LedgerRow.Money paid, Waste waste, Usage used, UsageSource source) {
    boolean isTold = source == UsageSource.REPORTED || Savings.isLoss(waste);
    if (!isTold || intent.attempt().cause().isOverhead()) {
      return paid;
    }
    PricedModel asked = call.snapshot().baselines().of(call.routedModel());
    return Savings.claim(paid, target, asked, used, waste, intent.reservedAt());
  }

  private List<Charge> charge(long cost, Usage usage, @Nullable Usage told) {
    long tokens = usage.inputTokens() + usage.outputTokens();
    // As the cost: what is only estimated is no debt.
    long most =
        told == null
            ? tokens
            : Math.max(reservation.heldTokens(), told.inputTokens() + told.outputTokens());
    return Charges.toLedger(reservation.settle(cost, Math.min(tokens, most)));
  }

  /** What the cache did for the call, it did not for what the gateway asks of its own. */
  private CacheOutcome cacheOutcome(long stored) {
    if (intent.attempt().cause().isOverhead()) {
      return CacheOutcome.OFF;
    }
    return stored > 0 ? CacheOutcome.PARTIAL : call.cacheOutcome();
  }
}

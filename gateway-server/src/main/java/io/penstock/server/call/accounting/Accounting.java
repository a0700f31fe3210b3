package io.penstock.server.call.accounting;

import io.penstock.budget.Reservation;
import io.penstock.cache.CacheEntry;
import io.penstock.core.Ending;
import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;
import io.penstock.core.Ticker;
import io.penstock.core.identity.Principal;
import io.penstock.core.identity.RefusedCredential;
import io.penstock.core.price.Usage;
import io.penstock.ledger.CacheOutcome;
import io.penstock.ledger.Cause;
import io.penstock.ledger.Intent;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.UsageSource;
import io.penstock.ledger.Waste;
import io.penstock.server.call.Call;
import io.penstock.server.call.LoopContext;
import io.penstock.server.call.reply.Refusals;
import io.penstock.server.metrics.CallMetrics;
import io.penstock.server.targets.TargetRuntime;
import io.penstock.server.tokens.TokenCounter;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Opens accounts for attempts and writes rows. Shared; each call's part runs on its loop. */
public final class Accounting {
  private final Ticker ticker;
  private final TokenCounter counter;
  private final CallMetrics metrics;
  private final Pricing pricing;
  private final UnseenOutput unseen = new UnseenOutput();

  public Accounting(Ticker ticker, TokenCounter counter, CallMetrics metrics) {
    this.ticker = ticker;
    this.counter = counter;
    this.metrics = metrics;
    this.pricing = new Pricing(metrics);
  }

  public Ticker ticker() {
    return ticker;
  }

  public TokenCounter counter() {
    return counter;
  }

  Pricing pricing() {
    return pricing;
  }

  /** Returns what is learned of the output that nobody sees. */
  public UnseenOutput unseen() {
    return unseen;
  }

  /**
   * Records the worst case of an attempt before anything goes upstream.
   *
   * @param worst what the reservation holds
   * @param reservation owned: given back when this fails, else by the account
   * @throws io.penstock.core.GatewayException 503 when the ledger can take no more
   */
  public Account open(
      Call call,
      TargetRuntime target,
      LedgerRow.Attempt attempt,
      String reason,
      WorstCase worst,
      Reservation reservation) {
    Intent intent =
        new Intent(
            attempt,
            reservation.reservedAtMillis(),
            call.caller(),
            destination(call, reason, target.provider().name(), target.model()),
            worst.nanos(),
            target.price().version(),
            Charges.toLedger(reservation.holds()));
    if (!call.context().ledger().intent(intent)) {
      reservation.cancel();
      throw Refusals.journalFull(call.context().ledger());
    }
    if (!attempt.cause().isOverhead()) {
      call.tally().attempted();
    }
    return new Account(this, call, target, intent, worst.output(), reservation);
  }

  /** Writes the row of an attempt. */
  void write(Call call, TargetRuntime target, LedgerRow row) {
    call.context().ledger().row(row);
    metrics.attempt(row, target.shownModel());
  }

  /**
   * Records a request that was refused by its head.
   *
   * @param endpoint its label, "" for an unknown path
   * @param asked method and path where that is unknown, else ""
   * @param principal null when nobody was recognised; a refused credential says itself whose it is
   */
  public void refusedEarly(
      LoopContext context,
      UUID id,
      String endpoint,
      String asked,
      @Nullable Principal principal,
      GatewayException why) {
    long now = ticker.epochMillis();
    String team = principal == null ? "" : principal.team();
    String key = principal == null ? "" : principal.key();
    String code = why.code().code();
    String rule = code;
    if (why instanceof RefusedCredential refused) {
      rule = refused.rule();
      team = refused.team();
      key = refused.key();
    }
    context
        .ledger()
        .row(
            new LedgerRow(
                new LedgerRow.Attempt(id, 0, Cause.REQUEST),
                new LedgerRow.Times(now, now, 0, 0, -1),
                new LedgerRow.Caller(team, "", "", "", key, "", Map.of()),
                new LedgerRow.Destination(endpoint, asked, "", "", "", ""),
                new LedgerRow.Outcome(
                    why.code().status(), Ending.REJECTED, code, rule, CacheOutcome.OFF, Waste.NONE),
                Usage.NONE,
                UsageSource.NONE,
                LedgerRow.Money.ZERO,
                List.of()));
  }

  /** Writes the row of a call that was only passed through. */
  public void passed(Call call, LedgerRow row) {
    call.context().ledger().row(row);
    metrics.attempt(row, "");
  }

  /**
   * Records a request that was answered from the cache.
   *
   * @param saved what the answer would have cost, nano-USD
   */
  public void cacheHit(Call call, CacheEntry.Paid paid, long saved, String priceVersion) {
    withoutAttempt(
        call,
        destination(call, "cache", paid.provider(), paid.model()),
        new LedgerRow.Outcome(200, Ending.COMPLETED, "", "", call.cacheOutcome(), Waste.NONE),
        new LedgerRow.Money(0, 0, saved, saved, 0, priceVersion));
  }

  /** Records a request that was refused without any attempt. */
  public void refusal(Call call, int status, String error, String rule) {
    withoutAttempt(
        call,
        destination(call, "", "", ""),
        new LedgerRow.Outcome(
            status, Ending.REJECTED, error, rule, call.cacheOutcome(), Waste.NONE),
        LedgerRow.Money.ZERO);
  }

  /**
   * Records that the answer which a call shared with another broke off, or a drain cut it: its
   * client had got the head of a success.
   *
   * @param by what had answered
   */
  public void sharedCut(Call call, TargetRuntime by, ErrorCode why, Ending ending) {
    withoutAttempt(
        call,
        destination(call, "cache", by.provider().name(), by.model()),
        new LedgerRow.Outcome(200, ending, why.code(), "", call.cacheOutcome(), Waste.NONE),
        LedgerRow.Money.ZERO);
  }

  /** Records that a call got the stored answer of its Idempotency-Key. */
  public void replayed(Call call, int status, String provider, String model) {
    withoutAttempt(
        call,
        destination(call, "idempotent", provider, model),
        new LedgerRow.Outcome(status, Ending.COMPLETED, "", "", CacheOutcome.REPLAYED, Waste.NONE),
        LedgerRow.Money.ZERO);
  }

  private static LedgerRow.Destination destination(
      Call call, String reason, String provider, String model) {
    return new LedgerRow.Destination(
        call.surface().endpoint().label(),
        call.model(),
        call.destination().route(),
        reason,
        provider,
        model);
  }

  private void withoutAttempt(
      Call call,
      LedgerRow.Destination destination,
      LedgerRow.Outcome outcome,
      LedgerRow.Money money) {
    LedgerRow row =
        new LedgerRow(
            new LedgerRow.Attempt(
                call.id(), 0, call.tally().isAttempted() ? Cause.FALLBACK : Cause.REQUEST),
            new LedgerRow.Times(
                call.startMillis(),
                ticker.epochMillis(),
                call.tally().elapsedNanos(),
                call.tally().overheadNanos(),
                -1),
            call.caller(),
            destination,
            outcome,
            Usage.NONE,
            UsageSource.NONE,
            money,
            List.of());
    call.context().ledger().row(row);
  }
}

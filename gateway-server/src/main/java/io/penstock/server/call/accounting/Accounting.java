package io.penstock.server.call.accounting;

import io.penstock.budget.Reservation;
import io.penstock.cache.CacheEntry;
import io.penstock.core.Ending;
import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;
import io.penstock.core.Ticker;
import io.penstock.core.identity.Principal;
import io.penstock.core.identity.RefusedCredential;
import io.penstock.core.price.Meter;
import io.penstock.core.price.PricedModel;
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
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Opens accounts for attempts and writes rows. Shared; each call's part runs on its loop. */
public final class Accounting {
  private static final String PROMPT_CACHE = "prompt_cache";

  /** What is thought in silence where no answer has told yet. Tokens. */
  private static final long UNKNOWN_THOUGHT = 2_048;

  /** A stream of fewer bytes for each token that was billed has not shown all of them. */
  private static final int LEAST_SHOWN = 2;

  /** Under which what is learned of all targets together is kept: no target has that label. */
  private static final String ALL = "";

  private final Ticker ticker;
  private final TokenCounter counter;
  private final CallMetrics metrics;
  private final UnratedMeters unrated;
  private final LearnedOutput thoughts = new LearnedOutput();
  private final LearnedOutput wholeAnswers = new LearnedOutput();

  public Accounting(Ticker ticker, TokenCounter counter, CallMetrics metrics) {
    this.ticker = ticker;
    this.counter = counter;
    this.metrics = metrics;
    this.unrated = new UnratedMeters(metrics);
  }

  public Ticker ticker() {
    return ticker;
  }

  public TokenCounter counter() {
    return counter;
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

  /** Notes that an attempt has cost more than its bound: a debt of its budgets. */
  void beyondBound(TargetRuntime target, Intent intent, long cost) {
    if (cost > intent.bound()) {
      metrics.boundExceeded(target.provider().name(), target.shownModel(), cost - intent.bound());
    }
  }

  /** Returns the price of what answered: the answer may name another model than was asked. */
  static PricedModel price(TargetRuntime target, Usage usage) {
    return target.price().answeredBy(usage.model(), target.provider().name());
  }

  /** Returns what an answer of a target costs at that time, in epoch milliseconds; nano-USD. */
  public static long worth(TargetRuntime target, Usage used, long at) {
    PricedModel price = price(target, used);
    Usage usage = price.billed(Fees.complete(target, used), at);
    return price.costNanos(usage.withoutPasses(), at) + PassPrices.of(target, usage, at).cost();
  }

  /**
   * Returns what a usage costs on a target; an estimate never costs more than its bound, or than
   * what the provider has told if that is more.
   *
   * @param told of an estimate, the part of it that the provider told; null when it told all
   */
  LedgerRow.Money price(TargetRuntime target, Usage used, Intent intent, @Nullable Usage told) {
    long at = intent.reservedAt();
    PricedModel price = price(target, used);
    PassPrices passes = PassPrices.of(target, used, at);
    Usage usage = used.withoutPasses();
    if (told == null) {
      unrated.check(target, price, usage, at);
    }
    long list = price.listNanos(usage, at);
    long own = price.discountBasisPoints() == 0 ? list : price.costNanos(usage, at);
    long cost = own + passes.cost();
    list += passes.list();
    if (told != null && cost > intent.bound()) {
      long said = price.costNanos(price.billed(told.withoutPasses(), at), at);
      long most = Math.max(intent.bound(), said + PassPrices.of(target, told, at).cost());
      if (cost > most) {
        list = inProportion(list, most, cost);
        cost = most;
      }
    }
    long cached = usage.of(Meter.CACHE_READ);
    if (cached > 0) {
      Usage fresh = usage.toBuilder().set(Meter.CACHE_READ, 0).add(Meter.INPUT, cached).build();
      metrics.providerCache(Math.max(0, price.costNanos(fresh, at) - own));
    }
    return new LedgerRow.Money(cost, list, 0, 0, 0, intent.priceVersion());
  }

  /**
   * Returns what the price list has for a part of a cost, nano-USD: discounts stay what they are.
   */
  private static long inProportion(long list, long part, long cost) {
    return list == cost
        ? part
        : BigInteger.valueOf(list)
            .multiply(BigInteger.valueOf(part))
            .divide(BigInteger.valueOf(cost))
            .longValueExact();
  }

  /**
   * Books what the gateway's own marks for the prompt cache saved and what they cost.
   *
   * @param at when the attempt was reserved: its price is that of then, epoch milliseconds
   */
  void promptCache(Call call, PricedModel price, Usage usage, long at) {
    long read = usage.of(Meter.CACHE_READ);
    long written = usage.of(Meter.CACHE_WRITE);
    Usage unread = usage.toBuilder().set(Meter.CACHE_READ, 0).add(Meter.INPUT, read).build();
    Usage unwritten = usage.toBuilder().set(Meter.CACHE_WRITE, 0).add(Meter.INPUT, written).build();
    long paid = price.costNanos(usage, at);
    String team = call.principal().team();
    metrics.saved(PROMPT_CACHE, team, Math.max(0, price.costNanos(unread, at) - paid));
    metrics.premium(PROMPT_CACHE, team, Math.max(0, paid - price.costNanos(unwritten, at)));
  }

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

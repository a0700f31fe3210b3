package io.penstock.ledger;

import io.penstock.core.Ending;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Rows that no call made. The past is never changed: what was wrong gets a row that says so. */
public final class Corrections {
  private static final LedgerRow.Caller NOBODY =
      new LedgerRow.Caller("", "", "", "", "", "", Map.of());
  private static final LedgerRow.Destination NOWHERE =
      new LedgerRow.Destination("", "", "", "", "", "");

  /** The rule of a row of which the database refused the texts. */
  static final String REFUSED = "texts refused by the database";

  /** The rules of a row that stands for a dead owner, and of the one that takes it back. */
  static final String REAPED = "reaped";

  static final String JOURNAL_FOUND = "journal found";

  private Corrections() {}

  /** Returns the row for an attempt whose process died before its end: charged at its bound. */
  static LedgerRow crashed(Intent intent) {
    LedgerRow.Attempt attempt = intent.attempt();
    return new LedgerRow(
        new LedgerRow.Attempt(attempt.request(), attempt.number(), Cause.CRASH),
        new LedgerRow.Times(intent.reservedAt(), intent.reservedAt(), 0, 0, -1),
        intent.caller(),
        intent.destination(),
        new LedgerRow.Outcome(
            0,
            Ending.UPSTREAM_FAILED,
            "crash",
            Dimension.label(attempt.cause()),
            CacheOutcome.OFF,
            Waste.CRASH),
        Usage.NONE,
        UsageSource.ESTIMATED,
        new LedgerRow.Money(intent.bound(), intent.bound(), 0, 0, 0, intent.priceVersion()),
        intent.holds());
  }

  /**
   * Returns the row by which a dead owner's whole allowance of one counter stays charged until its
   * journal is found; when that happens the ledger reverses it.
   *
   * @param sinceMillis a moment that whoever reaps this owner knows alike, for the id: reaping
   *     twice books once, and the row stands among those of its time
   */
  public static LedgerRow reaped(long sinceMillis, long atMillis, Charge charge) {
    UUID id = RequestIds.named(sinceMillis, charge.owner() + " " + charge.counter().id());
    return new LedgerRow(
        new LedgerRow.Attempt(id, 0, Cause.CRASH),
        new LedgerRow.Times(atMillis, atMillis, 0, 0, -1),
        NOBODY,
        NOWHERE,
        new LedgerRow.Outcome(
            0, Ending.UPSTREAM_FAILED, "crash", REAPED, CacheOutcome.OFF, Waste.CRASH),
        Usage.NONE,
        UsageSource.ESTIMATED,
        LedgerRow.Money.ZERO,
        List.of(charge));
  }

  /** Returns the id that earlier versions gave the row of a dead owner: it has no time. */
  static UUID earlierReapedId(Charge charge) {
    UUID counter = charge.counter().id();
    UUID hash =
        UUID.nameUUIDFromBytes(
            ByteBuffer.allocate(24)
                .putLong(charge.owner())
                .putLong(counter.getMostSignificantBits())
                .putLong(counter.getLeastSignificantBits())
                .array());
    return RequestIds.request(hash, RequestIds.MAX_ATTEMPT);
  }

  /**
   * Returns a correction.
   *
   * @param id from {@link RequestIds#next()}
   * @param cost nano-USD, negative for a credit
   * @param charges without owner (0); negative amounts give budget back
   * @param reason for the report
   */
  public static LedgerRow correction(
      UUID id,
      long atMillis,
      LedgerRow.Caller caller,
      long cost,
      List<Charge> charges,
      String reason) {
    return booked(
        new LedgerRow.Attempt(id, 0, Cause.CORRECTION),
        atMillis,
        caller,
        NOWHERE,
        cost,
        charges,
        reason);
  }

  /**
   * Returns the row that brings a day, model and key to what the provider charges.
   *
   * @param hash of what is adjusted; the id has it after the day, so that it stands among the day's
   * @param difference nano-USD
   */
  public static LedgerRow reconciled(
      UUID hash, long dayMillis, String provider, String model, String key, long difference) {
    return booked(
        new LedgerRow.Attempt(
            RequestIds.of(dayMillis, hash.getMostSignificantBits(), hash.getLeastSignificantBits()),
            0,
            Cause.RECONCILIATION),
        dayMillis,
        new LedgerRow.Caller("", "", "", "", key, "", Map.of()),
        new LedgerRow.Destination("", "", "", "", provider, model),
        difference,
        List.of(),
        "reconciliation");
  }

  private static LedgerRow booked(
      LedgerRow.Attempt attempt,
      long atMillis,
      LedgerRow.Caller caller,
      LedgerRow.Destination destination,
      long cost,
      List<Charge> charges,
      String reason) {
    return new LedgerRow(
        attempt,
        new LedgerRow.Times(atMillis, atMillis, 0, 0, -1),
        caller,
        destination,
        new LedgerRow.Outcome(0, Ending.COMPLETED, "", reason, CacheOutcome.OFF, Waste.NONE),
        Usage.NONE,
        attempt.cause() == Cause.RECONCILIATION ? UsageSource.RECONCILED : UsageSource.NONE,
        new LedgerRow.Money(cost, cost, 0, 0, 0, ""),
        charges);
  }

  /** Returns whether somebody waits to hear whether the row was booked. */
  static boolean isAnswered(LedgerRow row) {
    Cause cause = row.attempt().cause();
    return cause == Cause.CORRECTION || cause == Cause.RECONCILIATION;
  }

  /**
   * Returns what to book of a row that the database refuses for what it says, to be tried in turn:
   * without what the client and the provider said, then without any text and quantity. Both have
   * its id, times, money and charges, so that budgets miss nothing.
   */
  static List<LedgerRow> bare(LedgerRow row) {
    LedgerRow.Caller caller = row.caller();
    LedgerRow.Destination to = row.destination();
    LedgerRow.Caller known =
        new LedgerRow.Caller(
            caller.team(), caller.app(), caller.user(), "", caller.key(), "", Map.of());
    LedgerRow.Destination where =
        new LedgerRow.Destination(
            to.endpoint(), "", to.route(), to.reason(), to.provider(), to.model());
    List<Charge> ascii =
        row.charges().stream()
            .map(charge -> new Charge(ascii(charge.counter()), charge.owner(), charge.amount()))
            .toList();
    return List.of(
        bare(row, known, where, row.usage(), row.charges()),
        bare(row, NOBODY, NOWHERE, Usage.NONE, ascii));
  }

  private static LedgerRow bare(
      LedgerRow row,
      LedgerRow.Caller caller,
      LedgerRow.Destination destination,
      Usage usage,
      List<Charge> charges) {
    LedgerRow.Outcome outcome = row.outcome();
    LedgerRow.Money money = row.money();
    Usage.Builder quantities = Usage.builder();
    for (Meter meter : Meter.values()) {
      quantities.set(meter, usage.of(meter));
    }
    return new LedgerRow(
        row.attempt(),
        row.times(),
        caller,
        destination,
        new LedgerRow.Outcome(
            outcome.status(), outcome.ending(), "", REFUSED, outcome.cache(), outcome.waste()),
        quantities.build(),
        row.usageSource(),
        new LedgerRow.Money(
            money.cost(), money.list(), money.baseline(), money.saved(), money.premium(), ""),
        charges);
  }

  /**
   * Returns the counter with texts that a database of any encoding takes; it is known by its id.
   */
  private static Counter ascii(Counter counter) {
    return new Counter(
        counter.id(),
        ascii(counter.budget()),
        counter.override(),
        ascii(counter.subject()),
        counter.windowStart(),
        counter.windowEnd());
  }

  private static String ascii(String text) {
    return text.replaceAll("[^ -~]", "?");
  }

  /** Returns the row that takes another back, with the next attempt number. */
  static LedgerRow reverse(LedgerRow row, String reason) {
    LedgerRow.Money money = row.money();
    return new LedgerRow(
        new LedgerRow.Attempt(
            row.attempt().request(), row.attempt().number() + 1, Cause.CORRECTION),
        row.times(),
        row.caller(),
        row.destination(),
        new LedgerRow.Outcome(0, Ending.COMPLETED, "", reason, CacheOutcome.OFF, Waste.NONE),
        Usage.NONE,
        UsageSource.NONE,
        new LedgerRow.Money(-money.cost(), -money.list(), -money.baseline(), 0, 0, ""),
        row.charges().stream()
            .map(charge -> new Charge(charge.counter(), charge.owner(), -charge.amount()))
            .toList());
  }
}

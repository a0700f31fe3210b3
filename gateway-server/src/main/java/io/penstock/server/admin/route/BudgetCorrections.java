package io.penstock.server.admin.route;

import io.penstock.budget.Budgets;
import io.penstock.budget.CounterKey;
import io.penstock.budget.Limit;
import io.penstock.budget.Owners;
import io.penstock.core.Ticker;
import io.penstock.ledger.Corrections;
import io.penstock.ledger.Ledger;
import io.penstock.ledger.LedgerException;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.RequestIds;
import io.penstock.ledger.StillBookingException;
import io.penstock.server.admin.AdminReply;
import io.penstock.server.call.accounting.Charges;
import io.penstock.server.store.LedgerSums;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives budget back by a row of the ledger, and tells the store. Who says a key with it may ask
 * again: the row has the key's id, and a row is booked once. Blocks; one caller at a time.
 */
final class BudgetCorrections {
  private static final Logger LOG = LoggerFactory.getLogger(BudgetCorrections.class);

  /** What gives an amount that the caller names. */
  static final String GIVE = "top-up";

  private static final int MAX_KEY = 256;
  private static final long DAY = Duration.ofDays(1).toMillis();

  private final Budgets budgets;
  private final Ledger ledger;
  private final LedgerSums sums;
  private final Ticker ticker;
  private final RequestIds ids;

  BudgetCorrections(Budgets budgets, Ledger ledger, LedgerSums sums, Ticker ticker) {
    this.budgets = budgets;
    this.ledger = ledger;
    this.sums = sums;
    this.ticker = ticker;
    this.ids = new RequestIds(ticker, new SplittableRandom(new SecureRandom().nextLong()));
  }

  /** Returns the row that this key has booked today or yesterday (UTC), or null. */
  @Nullable LedgerRow before(CounterKey key, String verb, String idempotencyKey) {
    if (idempotencyKey.length() > MAX_KEY) {
      throw new IllegalArgumentException(
          "Idempotency-Key: "
              + idempotencyKey.length()
              + " characters (expected: at most "
              + MAX_KEY
              + ")");
    }
    for (int days = 0; days < 2 && !idempotencyKey.isEmpty(); days++) {
      List<LedgerRow> rows =
          ledger
              .queries()
              .request(id(key, verb, idempotencyKey, ticker.epochMillis() - days * DAY));
      if (!rows.isEmpty()) {
        return rows.getFirst();
      }
    }
    return null;
  }

  /** Whichever window it is: a retry may come behind the end of one. */
  private static UUID id(CounterKey key, String verb, String idempotencyKey, long millis) {
    return RequestIds.named(
        Math.floorDiv(millis, DAY) * DAY,
        String.join("\n", idempotencyKey, verb, key.budget(), "" + key.override(), key.subject()));
  }

  /** Returns how much a row of this class gave back. */
  static long given(LedgerRow row) {
    return -row.charges().getFirst().amount();
  }

  /** Answers what was answered to the same key. */
  AdminReply again(CounterKey key, Limit.Unit unit, LedgerRow row, long wanted) {
    if (given(row) != wanted) {
      return AdminReply.error(
          409,
          "idempotency_conflict",
          "This Idempotency-Key has given back " + shown(unit, given(row)) + " already.");
    }
    // Whoever booked it may not have come so far.
    tell(Charges.key(row.charges().getFirst().counter()));
    return AdminReply.json(json(key, shown(unit, wanted), row.id()));
  }

  /**
   * The row without owner is the audit; what it changes is told to the store.
   *
   * @param corrections what the counter's corrections summed to when the amount was computed
   * @return null when another replica's came first, or the row of this key: to be computed anew
   */
  @Nullable AdminReply book(
      CounterKey key,
      Limit.Unit unit,
      long amount,
      long corrections,
      String verb,
      String idempotencyKey) {
    String shown = shown(unit, amount);
    LedgerRow row =
        Corrections.correction(
            idempotencyKey.isEmpty()
                ? ids.next()
                : id(key, verb, idempotencyKey, ticker.epochMillis()),
            ticker.epochMillis(),
            new LedgerRow.Caller("", "", "", "", "", "", Map.of()),
            0,
            List.of(Charges.toLedger(new io.penstock.budget.Charge(key, 0, -amount))),
            verb + " " + key.budget() + " " + shown);
    Map<String, Object> json = json(key, shown, row.id());
    try {
      boolean booked = ledger.bookUnlessCorrected(row, corrections);
      if (!booked && !(idempotencyKey.isEmpty() && isBooked(row))) {
        return null;
      }
    } catch (StillBookingException e) {
      e.done()
          .whenCompleteAsync(
              (done, failed) -> written(key, row, verb.equals(GIVE), failed),
              Thread::startVirtualThread);
      json.put(
          "state", "still being written: counts once /admin/v1/requests/" + row.id() + " has it");
      return AdminReply.json(202, json);
    }
    try {
      tell(key);
    } catch (LedgerException e) {
      // It is booked: who is told of a failure would book it again.
      LOG.warn("budgets: row {} is booked and counts later: {}", row.id(), e.getMessage());
      json.put("state", "booked: counts once the ledger can be read");
      return AdminReply.json(202, json);
    }
    return AdminReply.json(json);
  }

  /** A try of which the end was not heard may have booked it. */
  private boolean isBooked(LedgerRow row) {
    return !ledger.queries().request(row.id()).isEmpty();
  }

  private void written(CounterKey key, LedgerRow row, boolean isTopUp, @Nullable Throwable failed) {
    String why =
        failed == null ? "another correction of its counter came first" : failed.toString();
    try {
      if (failed == null && (isBooked(row) || (isTopUp && bookedAfterAll(key, row)))) {
        tell(key);
        return;
      }
    } catch (LedgerException e) {
      why = e.toString();
    }
    LOG.error("budgets: row {} ({}) was not booked: {}", row.id(), row.outcome().rule(), why);
  }

  /** Who tops up gives what he said, whatever others have given; a reset would give it twice. */
  private boolean bookedAfterAll(CounterKey key, LedgerRow row) {
    for (int left = BudgetAdmin.TRIES; left > 0; left--) {
      if (ledger.bookUnlessCorrected(row, sums.committed(key).corrections()) || isBooked(row)) {
        return true;
      }
    }
    return false;
  }

  private void tell(CounterKey key) {
    long epoch;
    do {
      // Sums leave out the owners of an epoch: told to another one they would be wrong.
      epoch = Owners.epochOf(budgets.owner());
      budgets.ledgerChanged(List.of(sums.ofOtherEpochs(key, epoch)));
    } while (Owners.epochOf(budgets.owner()) != epoch);
  }

  private static String shown(Limit.Unit unit, long amount) {
    return new Limit(0, unit).show(amount);
  }

  private static Map<String, Object> json(CounterKey key, String shown, UUID row) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("budget", key.budget());
    json.put("subject", key.subject());
    if (key.override() >= 0) {
      json.put("override", key.override());
    }
    json.put("given_back", shown);
    json.put("row", row.toString());
    return json;
  }
}

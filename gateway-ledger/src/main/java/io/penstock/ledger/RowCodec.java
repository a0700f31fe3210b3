package io.penstock.ledger;

import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The journal's binary form of intents, extensions and rows, read by {@link JournalReader}. Enums
 * are written by ordinal: a journal is read by the same version or, after an upgrade, by one whose
 * enums only grew at the end; the segment's header names the format.
 */
final class RowCodec {
  static final byte INTENT = 1;
  static final byte EXTEND = 2;
  static final byte ROW = 3;
  private static final Meter[] METERS = Meter.values();

  private RowCodec() {}

  /** Puts a record behind what the buffer holds. */
  static void encode(RecordBuffer out, Object entry) {
    switch (entry) {
      case Intent intent -> {
        out.putByte(INTENT);
        putIntent(out, intent);
      }
      case Extend extend -> {
        out.putByte(EXTEND);
        out.putUuid(extend.row());
        out.putLong(extend.bound());
        putCharges(out, extend.holds());
      }
      case LedgerRow row -> {
        out.putByte(ROW);
        putRow(out, row);
      }
      default -> throw new IllegalArgumentException("no journal form: " + entry.getClass());
    }
  }

  private static void putIntent(RecordBuffer out, Intent intent) {
    putAttempt(out, intent.attempt());
    out.putLong(intent.reservedAt());
    putCaller(out, intent.caller());
    putDestination(out, intent.destination());
    out.putLong(intent.bound());
    out.putText(intent.priceVersion());
    putCharges(out, intent.holds());
  }

  private static void putRow(RecordBuffer out, LedgerRow row) {
    putAttempt(out, row.attempt());
    LedgerRow.Times times = row.times();
    out.putLong(times.reservedAt());
    out.putLong(times.endedAt());
    out.putLong(times.latencyNanos());
    out.putLong(times.overheadNanos());
    out.putLong(times.firstTokenNanos());
    putCaller(out, row.caller());
    putDestination(out, row.destination());
    LedgerRow.Outcome outcome = row.outcome();
    out.putLong(outcome.status());
    out.putByte(outcome.ending().ordinal());
    out.putText(outcome.error());
    out.putText(outcome.rule());
    out.putByte(outcome.cache().ordinal());
    out.putByte(outcome.waste().ordinal());
    putUsage(out, row.usage());
    out.putByte(row.usageSource().ordinal());
    putMoney(out, row.money());
    putCharges(out, row.charges());
  }

  private static void putAttempt(RecordBuffer out, LedgerRow.Attempt attempt) {
    out.putUuid(attempt.request());
    out.putUnsigned(attempt.number());
    out.putByte(attempt.cause().ordinal());
  }

  private static void putCaller(RecordBuffer out, LedgerRow.Caller caller) {
    out.putText(caller.team());
    out.putText(caller.app());
    out.putText(caller.user());
    out.putText(caller.endUser());
    out.putText(caller.key());
    out.putText(caller.session());
    out.putUnsigned(caller.metadata().size());
    for (Map.Entry<String, String> entry : caller.metadata().entrySet()) {
      out.putText(entry.getKey());
      out.putText(entry.getValue());
    }
  }

  private static void putDestination(RecordBuffer out, LedgerRow.Destination destination) {
    out.putText(destination.endpoint());
    out.putText(destination.asked());
    out.putText(destination.route());
    out.putText(destination.reason());
    out.putText(destination.provider());
    out.putText(destination.model());
  }

  private static void putUsage(RecordBuffer out, Usage usage) {
    int used = 0;
    for (Meter meter : METERS) {
      used += usage.of(meter) == 0 ? 0 : 1;
    }
    out.putUnsigned(used);
    for (Meter meter : METERS) {
      if (usage.of(meter) != 0) {
        out.putByte(meter.ordinal());
        out.putUnsigned(usage.of(meter));
      }
    }
    putNullable(out, usage.model());
    putNullable(out, usage.serviceTier());
    putNullable(out, usage.region());
  }

  private static void putNullable(RecordBuffer out, @Nullable String text) {
    out.putText(text == null ? "" : text);
  }

  private static void putMoney(RecordBuffer out, LedgerRow.Money money) {
    out.putLong(money.cost());
    out.putLong(money.list());
    out.putLong(money.baseline());
    out.putLong(money.saved());
    out.putLong(money.premium());
    out.putText(money.priceVersion());
  }

  private static void putCharges(RecordBuffer out, List<Charge> charges) {
    int size = charges.size();
    out.putUnsigned(size);
    for (int i = 0; i < size; i++) {
      Charge charge = charges.get(i);
      Counter counter = charge.counter();
      out.putUuid(counter.id());
      out.putText(counter.budget());
      out.putLong(counter.override());
      out.putText(counter.subject());
      out.putLong(counter.windowStart());
      out.putLong(counter.windowEnd());
      out.putLong(charge.owner());
      out.putLong(charge.amount());
    }
  }
}

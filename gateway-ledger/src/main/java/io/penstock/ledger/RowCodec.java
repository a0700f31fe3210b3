package io.penstock.ledger;

import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import java.nio.ByteBuffer;
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

  /**
   * Writes a record at the buffer's position.
   *
   * @throws java.nio.BufferOverflowException when it does not fit
   */
  static void encode(ByteBuffer out, Object entry) {
    switch (entry) {
      case Intent intent -> {
        out.put(INTENT);
        putIntent(out, intent);
      }
      case Extend extend -> {
        out.put(EXTEND);
        Wire.putUuid(out, extend.row());
        Wire.putLong(out, extend.bound());
        putCharges(out, extend.holds());
      }
      case LedgerRow row -> {
        out.put(ROW);
        putRow(out, row);
      }
      default -> throw new IllegalArgumentException("no journal form: " + entry.getClass());
    }
  }

  private static void putIntent(ByteBuffer out, Intent intent) {
    putAttempt(out, intent.attempt());
    Wire.putLong(out, intent.reservedAt());
    putCaller(out, intent.caller());
    putDestination(out, intent.destination());
    Wire.putLong(out, intent.bound());
    Wire.putText(out, intent.priceVersion());
    putCharges(out, intent.holds());
  }

  private static void putRow(ByteBuffer out, LedgerRow row) {
    putAttempt(out, row.attempt());
    LedgerRow.Times times = row.times();
    Wire.putLong(out, times.reservedAt());
    Wire.putLong(out, times.endedAt());
    Wire.putLong(out, times.latencyNanos());
    Wire.putLong(out, times.overheadNanos());
    Wire.putLong(out, times.firstTokenNanos());
    putCaller(out, row.caller());
    putDestination(out, row.destination());
    LedgerRow.Outcome outcome = row.outcome();
    Wire.putLong(out, outcome.status());
    out.put((byte) outcome.ending().ordinal());
    Wire.putText(out, outcome.error());
    Wire.putText(out, outcome.rule());
    out.put((byte) outcome.cache().ordinal());
    out.put((byte) outcome.waste().ordinal());
    putUsage(out, row.usage());
    out.put((byte) row.usageSource().ordinal());
    putMoney(out, row.money());
    putCharges(out, row.charges());
  }

  private static void putAttempt(ByteBuffer out, LedgerRow.Attempt attempt) {
    Wire.putUuid(out, attempt.request());
    Wire.putUnsigned(out, attempt.number());
    out.put((byte) attempt.cause().ordinal());
  }

  private static void putCaller(ByteBuffer out, LedgerRow.Caller caller) {
    Wire.putText(out, caller.team());
    Wire.putText(out, caller.app());
    Wire.putText(out, caller.user());
    Wire.putText(out, caller.endUser());
    Wire.putText(out, caller.key());
    Wire.putText(out, caller.session());
    Wire.putUnsigned(out, caller.metadata().size());
    for (Map.Entry<String, String> entry : caller.metadata().entrySet()) {
      Wire.putText(out, entry.getKey());
      Wire.putText(out, entry.getValue());
    }
  }

  private static void putDestination(ByteBuffer out, LedgerRow.Destination destination) {
    Wire.putText(out, destination.endpoint());
    Wire.putText(out, destination.asked());
    Wire.putText(out, destination.route());
    Wire.putText(out, destination.reason());
    Wire.putText(out, destination.provider());
    Wire.putText(out, destination.model());
  }

  private static void putUsage(ByteBuffer out, Usage usage) {
    int used = 0;
    for (Meter meter : METERS) {
      used += usage.of(meter) == 0 ? 0 : 1;
    }
    Wire.putUnsigned(out, used);
    for (Meter meter : METERS) {
      if (usage.of(meter) != 0) {
        out.put((byte) meter.ordinal());
        Wire.putUnsigned(out, usage.of(meter));
      }
    }
    putNullable(out, usage.model());
    putNullable(out, usage.serviceTier());
    putNullable(out, usage.region());
  }

  private static void putNullable(ByteBuffer out, @Nullable String text) {
    Wire.putText(out, text == null ? "" : text);
  }

  private static void putMoney(ByteBuffer out, LedgerRow.Money money) {
    Wire.putLong(out, money.cost());
    Wire.putLong(out, money.list());
    Wire.putLong(out, money.baseline());
    Wire.putLong(out, money.saved());
    Wire.putLong(out, money.premium());
    Wire.putText(out, money.priceVersion());
  }

  private static void putCharges(ByteBuffer out, List<Charge> charges) {
    int size = charges.size();
    Wire.putUnsigned(out, size);
    for (int i = 0; i < size; i++) {
      Charge charge = charges.get(i);
      Counter counter = charge.counter();
      Wire.putUuid(out, counter.id());
      Wire.putText(out, counter.budget());
      Wire.putLong(out, counter.override());
      Wire.putText(out, counter.subject());
      Wire.putLong(out, counter.windowStart());
      Wire.putLong(out, counter.windowEnd());
      Wire.putLong(out, charge.owner());
      Wire.putLong(out, charge.amount());
    }
  }
}

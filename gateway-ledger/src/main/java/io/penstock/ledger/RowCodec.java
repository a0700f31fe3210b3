package io.penstock.ledger;

import io.penstock.core.Ending;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The journal's binary form of intents, extensions and rows. Enums are written by ordinal: a
 * journal is read by the same version or, after an upgrade, by one whose enums only grew at the
 * end; the segment's header names the format.
 */
final class RowCodec {
  private static final byte INTENT = 1;
  private static final byte EXTEND = 2;
  private static final byte ROW = 3;
  private static final Cause[] CAUSES = Cause.values();
  private static final Ending[] ENDINGS = Ending.values();
  private static final CacheOutcome[] CACHES = CacheOutcome.values();
  private static final Waste[] WASTES = Waste.values();
  private static final UsageSource[] SOURCES = UsageSource.values();
  private static final Meter[] METERS = Meter.values();

  private RowCodec() {}

  /**
   * Writes a record at the buffer's position.
   *
   * @param maxBody bytes of content to keep, for each of request and response
   * @throws java.nio.BufferOverflowException when it does not fit
   */
  static void encode(ByteBuffer out, Object entry, int maxBody) {
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
        putRow(out, row, maxBody);
      }
      default -> throw new IllegalArgumentException("no journal form: " + entry.getClass());
    }
  }

  /** Reads an {@link Intent}, {@link Extend} or {@link LedgerRow}. */
  static Object decode(ByteBuffer in) {
    byte type = in.get();
    return switch (type) {
      case INTENT -> getIntent(in);
      case EXTEND -> new Extend(Wire.getUuid(in), Wire.getLong(in), getCharges(in));
      case ROW -> getRow(in);
      default -> throw new IllegalStateException("journal record of unknown type " + type);
    };
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

  private static Intent getIntent(ByteBuffer in) {
    return new Intent(
        getAttempt(in),
        Wire.getLong(in),
        getCaller(in),
        getDestination(in),
        Wire.getLong(in),
        Wire.getText(in),
        getCharges(in));
  }

  private static void putRow(ByteBuffer out, LedgerRow row, int maxBody) {
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
    Content content = row.content();
    out.put((byte) (content == null ? 0 : 1));
    if (content != null) {
      Wire.putBytes(out, content.request(), maxBody);
      Wire.putBytes(out, content.response(), maxBody);
    }
  }

  private static LedgerRow getRow(ByteBuffer in) {
    LedgerRow.Attempt attempt = getAttempt(in);
    LedgerRow.Times times =
        new LedgerRow.Times(
            Wire.getLong(in),
            Wire.getLong(in),
            Wire.getLong(in),
            Wire.getLong(in),
            Wire.getLong(in));
    LedgerRow.Caller caller = getCaller(in);
    LedgerRow.Destination destination = getDestination(in);
    LedgerRow.Outcome outcome =
        new LedgerRow.Outcome(
            (int) Wire.getLong(in),
            ENDINGS[in.get()],
            Wire.getText(in),
            Wire.getText(in),
            CACHES[in.get()],
            WASTES[in.get()]);
    Usage usage = getUsage(in);
    UsageSource source = SOURCES[in.get()];
    LedgerRow.Money money = getMoney(in);
    List<Charge> charges = getCharges(in);
    Content content = in.get() == 0 ? null : new Content(Wire.getBytes(in), Wire.getBytes(in));
    return new LedgerRow(
        attempt, times, caller, destination, outcome, usage, source, money, charges, content);
  }

  private static void putAttempt(ByteBuffer out, LedgerRow.Attempt attempt) {
    Wire.putUuid(out, attempt.request());
    Wire.putUnsigned(out, attempt.number());
    out.put((byte) attempt.cause().ordinal());
  }

  private static LedgerRow.Attempt getAttempt(ByteBuffer in) {
    return new LedgerRow.Attempt(Wire.getUuid(in), (int) Wire.getUnsigned(in), CAUSES[in.get()]);
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

  private static LedgerRow.Caller getCaller(ByteBuffer in) {
    String team = Wire.getText(in);
    String app = Wire.getText(in);
    String user = Wire.getText(in);
    String endUser = Wire.getText(in);
    String key = Wire.getText(in);
    String session = Wire.getText(in);
    int size = (int) Wire.getUnsigned(in);
    Map<String, String> metadata = HashMap.newHashMap(size);
    for (int i = 0; i < size; i++) {
      String name = Wire.getText(in);
      metadata.put(name, Wire.getText(in));
    }
    return new LedgerRow.Caller(team, app, user, endUser, key, session, metadata);
  }

  private static void putDestination(ByteBuffer out, LedgerRow.Destination destination) {
    Wire.putText(out, destination.endpoint());
    Wire.putText(out, destination.asked());
    Wire.putText(out, destination.route());
    Wire.putText(out, destination.reason());
    Wire.putText(out, destination.provider());
    Wire.putText(out, destination.model());
  }

  private static LedgerRow.Destination getDestination(ByteBuffer in) {
    return new LedgerRow.Destination(
        Wire.getText(in),
        Wire.getText(in),
        Wire.getText(in),
        Wire.getText(in),
        Wire.getText(in),
        Wire.getText(in));
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

  private static Usage getUsage(ByteBuffer in) {
    Usage.Builder usage = Usage.builder();
    int used = (int) Wire.getUnsigned(in);
    for (int i = 0; i < used; i++) {
      Meter meter = METERS[in.get()];
      usage.set(meter, Wire.getUnsigned(in));
    }
    return usage
        .model(getNullable(in))
        .serviceTier(getNullable(in))
        .region(getNullable(in))
        .build();
  }

  private static void putNullable(ByteBuffer out, @Nullable String text) {
    Wire.putText(out, text == null ? "" : text);
  }

  private static @Nullable String getNullable(ByteBuffer in) {
    String text = Wire.getText(in);
    return text.isEmpty() ? null : text;
  }

  private static void putMoney(ByteBuffer out, LedgerRow.Money money) {
    Wire.putLong(out, money.cost());
    Wire.putLong(out, money.list());
    Wire.putLong(out, money.baseline());
    Wire.putLong(out, money.saved());
    Wire.putLong(out, money.premium());
    Wire.putText(out, money.priceVersion());
  }

  private static LedgerRow.Money getMoney(ByteBuffer in) {
    return new LedgerRow.Money(
        Wire.getLong(in),
        Wire.getLong(in),
        Wire.getLong(in),
        Wire.getLong(in),
        Wire.getLong(in),
        Wire.getText(in));
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

  private static List<Charge> getCharges(ByteBuffer in) {
    int size = (int) Wire.getUnsigned(in);
    List<Charge> charges = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      Counter counter =
          new Counter(
              Wire.getUuid(in),
              Wire.getText(in),
              (int) Wire.getLong(in),
              Wire.getText(in),
              Wire.getLong(in),
              Wire.getLong(in));
      charges.add(new Charge(counter, Wire.getLong(in), Wire.getLong(in)));
    }
    return charges;
  }
}

package io.penstock.ledger;

import io.penstock.core.Ending;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads what {@link RowCodec} writes. Confined to one thread. */
final class JournalReader {
  private static final Cause[] CAUSES = Cause.values();
  private static final Ending[] ENDINGS = Ending.values();
  private static final CacheOutcome[] CACHES = CacheOutcome.values();
  private static final Waste[] WASTES = Waste.values();
  private static final UsageSource[] SOURCES = UsageSource.values();
  private static final Meter[] METERS = Meter.values();

  private final boolean whole;
  private final Texts texts = new Texts();
  private final Counters counters = new Counters(texts);
  private byte[] heap = new byte[16 << 10];

  private JournalReader(boolean whole) {
    this.whole = whole;
  }

  /** Returns a reader of all that records say, for the journals of the dead. */
  static JournalReader ofAll() {
    return new JournalReader(true);
  }

  /** Returns a reader to which an intent says only which row will follow. */
  static JournalReader ofRows() {
    return new JournalReader(false);
  }

  /** An intent of which only the row's id was read. */
  record Begun(UUID row) {}

  /** Returns at least that many bytes of memory, good until the next call. */
  byte[] heap(int length) {
    if (heap.length < length) {
      heap = new byte[Math.max(length, heap.length * 2)];
    }
    return heap;
  }

  /**
   * Reads one record.
   *
   * @param in on the heap
   * @return an {@link Intent} or {@link Begun}, an {@link Extend} or a {@link LedgerRow}
   */
  Object read(ByteBuffer in) {
    byte type = in.get();
    return switch (type) {
      case RowCodec.INTENT -> whole ? getIntent(in) : new Begun(getAttempt(in).rowId());
      case RowCodec.EXTEND -> new Extend(Wire.getUuid(in), Wire.getLong(in), getCharges(in));
      case RowCodec.ROW -> getRow(in);
      default -> throw new IllegalStateException("journal record of unknown type " + type);
    };
  }

  private Intent getIntent(ByteBuffer in) {
    return new Intent(
        getAttempt(in),
        Wire.getLong(in),
        getCaller(in),
        getDestination(in),
        Wire.getLong(in),
        text(in),
        getCharges(in));
  }

  private LedgerRow getRow(ByteBuffer in) {
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
            text(in),
            text(in),
            CACHES[in.get()],
            WASTES[in.get()]);
    Usage usage = getUsage(in);
    UsageSource source = SOURCES[in.get()];
    LedgerRow.Money money = getMoney(in);
    List<Charge> charges = getCharges(in);
    return new LedgerRow(
        attempt, times, caller, destination, outcome, usage, source, money, charges);
  }

  private LedgerRow.Attempt getAttempt(ByteBuffer in) {
    return new LedgerRow.Attempt(Wire.getUuid(in), (int) Wire.getUnsigned(in), CAUSES[in.get()]);
  }

  private LedgerRow.Caller getCaller(ByteBuffer in) {
    String team = text(in);
    String app = text(in);
    String user = text(in);
    String endUser = text(in);
    String key = text(in);
    String session = text(in);
    int size = (int) Wire.getUnsigned(in);
    Map<String, String> metadata = size == 0 ? Map.of() : HashMap.newHashMap(size);
    for (int i = 0; i < size; i++) {
      String name = text(in);
      metadata.put(name, text(in));
    }
    return new LedgerRow.Caller(team, app, user, endUser, key, session, metadata);
  }

  private LedgerRow.Destination getDestination(ByteBuffer in) {
    return new LedgerRow.Destination(text(in), text(in), text(in), text(in), text(in), text(in));
  }

  private Usage getUsage(ByteBuffer in) {
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

  private @Nullable String getNullable(ByteBuffer in) {
    String text = text(in);
    return text.isEmpty() ? null : text;
  }

  private LedgerRow.Money getMoney(ByteBuffer in) {
    return new LedgerRow.Money(
        Wire.getLong(in),
        Wire.getLong(in),
        Wire.getLong(in),
        Wire.getLong(in),
        Wire.getLong(in),
        text(in));
  }

  private List<Charge> getCharges(ByteBuffer in) {
    int size = (int) Wire.getUnsigned(in);
    List<Charge> charges = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      charges.add(new Charge(counters.read(in), Wire.getLong(in), Wire.getLong(in)));
    }
    return charges;
  }

  private String text(ByteBuffer in) {
    return texts.read(in);
  }
}

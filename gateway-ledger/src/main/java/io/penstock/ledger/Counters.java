package io.penstock.ledger;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The counters that were read lately: each row repeats its budgets', and a batch of rows that has
 * them each anew is megabytes which outlive a young collection (docs/memory.md). A counter is known
 * by its id, which is the hash of all the rest. One slot per hash, the last counter wins, so its
 * size is fixed. Confined to one thread.
 */
final class Counters {
  private static final int SLOTS = 4096;

  private final @Nullable Counter[] slots = new Counter[SLOTS];
  private final Texts texts;

  Counters(Texts texts) {
    this.texts = texts;
  }

  /** Reads a counter as {@link RowCodec} writes it. */
  Counter read(ByteBuffer in) {
    long high = in.getLong(in.position());
    long low = in.getLong(in.position() + Long.BYTES);
    int slot = (int) (low ^ low >>> 32) & SLOTS - 1;
    Counter known = slots[slot];
    if (known != null
        && known.id().getMostSignificantBits() == high
        && known.id().getLeastSignificantBits() == low) {
      in.position(in.position() + 2 * Long.BYTES);
      skip(in);
      return known;
    }
    Counter read =
        new Counter(
            Wire.getUuid(in),
            texts.read(in),
            (int) Wire.getLong(in),
            texts.read(in),
            Wire.getLong(in),
            Wire.getLong(in));
    slots[slot] = read;
    return read;
  }

  private static void skip(ByteBuffer in) {
    skipText(in);
    Wire.getLong(in);
    skipText(in);
    Wire.getLong(in);
    Wire.getLong(in);
  }

  private static void skipText(ByteBuffer in) {
    int length = (int) Wire.getUnsigned(in);
    in.position(in.position() + length);
  }
}

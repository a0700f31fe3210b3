package io.penstock.core.price;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The rates of one model under fixed conditions, ready for exact arithmetic. Immutable.
 *
 * <p>A rate is USD per {@code per} counts, with at most {@value #SCALE} decimal places after
 * modifiers. {@code per} is 1, 1,000, 3,600 or 1,000,000; all divide {@value #COMMON_PER}. So a
 * cost is one sum of whole numbers, divided and rounded once.
 */
final class Rates {
  private static final int SCALE = 15;
  static final long COMMON_PER = 9_000_000L;
  private static final Meter[] METERS = Meter.values();
  private static final BigInteger COMMON = BigInteger.valueOf(COMMON_PER);

  /** What one nano-USD is in the sum's unit: 10^(SCALE-9) x COMMON_PER, before discounts. */
  private static final BigInteger NANO = BigInteger.TEN.pow(SCALE - 9).multiply(COMMON);

  private static final BigInteger FULL = BigInteger.valueOf(10_000);

  /** Where a meter without a rate of its own looks next. */
  private static final Map<Meter, Meter> FALLBACKS = new EnumMap<>(Meter.class);

  static {
    FALLBACKS.put(Meter.CACHE_READ, Meter.INPUT);
    FALLBACKS.put(Meter.CACHE_WRITE, Meter.INPUT);
    FALLBACKS.put(Meter.CACHE_WRITE_1H, Meter.CACHE_WRITE);
    FALLBACKS.put(Meter.INPUT_AUDIO, Meter.INPUT);
    FALLBACKS.put(Meter.INPUT_IMAGE, Meter.INPUT);
    FALLBACKS.put(Meter.INPUT_VIDEO, Meter.INPUT);
    FALLBACKS.put(Meter.CACHE_READ_AUDIO, Meter.CACHE_READ);
    FALLBACKS.put(Meter.CACHE_READ_IMAGE, Meter.CACHE_READ);
    FALLBACKS.put(Meter.CACHE_READ_VIDEO, Meter.CACHE_READ);
    FALLBACKS.put(Meter.OUTPUT_REASONING, Meter.OUTPUT);
    FALLBACKS.put(Meter.OUTPUT_AUDIO, Meter.OUTPUT);
    FALLBACKS.put(Meter.OUTPUT_IMAGE, Meter.OUTPUT);
    FALLBACKS.put(Meter.OUTPUT_VIDEO, Meter.OUTPUT);
    FALLBACKS.put(Meter.CITATION, Meter.OUTPUT);
  }

  /** As what input may be billed. */
  private static final Meter[] READ = {
    Meter.INPUT,
    Meter.CACHE_WRITE,
    Meter.CACHE_WRITE_1H,
    Meter.INPUT_AUDIO,
    Meter.INPUT_IMAGE,
    Meter.INPUT_VIDEO
  };

  /** As what output may be billed: what a model can say, draw or show besides text. */
  private static final Meter[] WRITTEN = {
    Meter.OUTPUT, Meter.OUTPUT_REASONING, Meter.OUTPUT_AUDIO, Meter.OUTPUT_IMAGE, Meter.OUTPUT_VIDEO
  };

  private static final long NANO_LONG = NANO.longValueExact();

  /** A rate that needs more than 63 bits: the whole sum is made of {@link BigInteger}s. */
  private static final long WIDE = -2;

  private final @Nullable BigDecimal[] usd = new BigDecimal[METERS.length];
  private final @Nullable BigInteger[] scaled = new BigInteger[METERS.length];
  private final long[] narrow = new long[METERS.length];
  private final Meter[] rated;
  private final Set<Meter> own;

  /** At whose rates input and output are billed at most. */
  private final Meter dearestRead;

  private final Meter dearestWritten;

  Rates(Map<Meter, BigDecimal> rates, Map<Meter, Integer> per) {
    for (Meter meter : METERS) {
      Meter from = meter;
      while (from != null && !rates.containsKey(from)) {
        from = FALLBACKS.get(from);
      }
      BigDecimal rate = from == null ? null : rates.get(from);
      if (rate != null) {
        BigInteger whole =
            rate.movePointRight(SCALE)
                .toBigIntegerExact()
                .multiply(BigInteger.valueOf(COMMON_PER / per.getOrDefault(meter, 1)));
        usd[meter.ordinal()] = rate;
        scaled[meter.ordinal()] = whole;
        narrow[meter.ordinal()] = whole.bitLength() < Long.SIZE ? whole.longValue() : WIDE;
      }
    }
    rated = Arrays.stream(METERS).filter(meter -> usd(meter) != null).toArray(Meter[]::new);
    own = Set.copyOf(rates.keySet());
    dearestRead = dearest(READ);
    dearestWritten = dearest(WRITTEN);
  }

  private Meter dearest(Meter[] meters) {
    Meter dearest = meters[0];
    for (Meter meter : meters) {
      BigDecimal rate = usd(meter);
      BigDecimal most = usd(dearest);
      if (rate != null && (most == null || rate.compareTo(most) > 0)) {
        dearest = meter;
      }
    }
    return dearest;
  }

  /** Returns whether the meter has a rate that is not another meter's. */
  boolean isOwn(Meter meter) {
    return own.contains(meter);
  }

  /** Returns USD per {@code per} of the meter, or null when there is no rate. */
  @Nullable BigDecimal usd(Meter meter) {
    return usd[meter.ordinal()];
  }

  /**
   * Returns what a usage costs.
   *
   * @param discount basis points off
   * @throws ArithmeticException when it is beyond a long of nano-USD
   */
  long costNanos(Usage usage, int discount, RoundingMode rounding) {
    return nanos(usage, 0, 0, discount, rounding);
  }

  /**
   * Returns the most that fees and so many tokens cost, rounded up: all input and all output at the
   * dearest rates.
   *
   * @param discount basis points off
   * @throws ArithmeticException when it is beyond a long of nano-USD
   */
  long boundNanos(Usage fees, long input, long output, int discount) {
    return nanos(fees, input, output, discount, RoundingMode.UP);
  }

  private long nanos(Usage usage, long read, long written, int discount, RoundingMode rounding) {
    long high = 0;
    long low = 0;
    for (Meter meter : rated) {
      long more = meter == dearestRead ? read : meter == dearestWritten ? written : 0;
      // As a count is kept: never below 0.
      long quantity = Math.max(0, usage.of(meter) + more);
      if (quantity == 0) {
        continue;
      }
      long rate = narrow[meter.ordinal()];
      long product = quantity * rate;
      low += product;
      high += Math.multiplyHigh(quantity, rate) + (Long.compareUnsigned(low, product) < 0 ? 1 : 0);
      if (rate == WIDE || high < 0 || high >= Wide.MAX_HIGH) {
        Usage.Builder all = usage.toBuilder().add(dearestRead, read).add(dearestWritten, written);
        return wideNanos(all.build(), discount, rounding);
      }
    }
    return Wide.divide(high, low, 10_000 - discount, NANO_LONG, rounding);
  }

  /** The same for sums that 128 bits do not hold with room to spare: absurd, but exact. */
  private long wideNanos(Usage usage, int discount, RoundingMode rounding) {
    BigInteger sum = BigInteger.ZERO;
    for (Meter meter : METERS) {
      BigInteger rate = scaled[meter.ordinal()];
      if (rate != null) {
        sum = sum.add(rate.multiply(BigInteger.valueOf(usage.of(meter))));
      }
    }
    BigDecimal nanos =
        new BigDecimal(sum.multiply(BigInteger.valueOf(10_000L - discount)))
            .divide(new BigDecimal(NANO.multiply(FULL)), 0, rounding);
    return nanos.longValueExact();
  }

  /** Returns the first meter that was used and has no rate, or null when all can be priced. */
  @Nullable Meter unpriced(Usage usage) {
    for (Meter meter : METERS) {
      if (usage.of(meter) != 0 && scaled[meter.ordinal()] == null) {
        return meter;
      }
    }
    return null;
  }

  /** Returns the dearer of both rates, meter by meter. */
  static Map<Meter, BigDecimal> dearest(Map<Meter, BigDecimal> one, Map<Meter, BigDecimal> two) {
    Map<Meter, BigDecimal> dearest = new EnumMap<>(one);
    two.forEach((meter, rate) -> dearest.merge(meter, rate, BigDecimal::max));
    return dearest;
  }
}

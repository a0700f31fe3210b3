package io.penstock.core.price;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What one attempt consumed, in disjoint meters, and what the response says it ran on. Quantities
 * are never negative. Immutable.
 */
public final class Usage {
  private static final Meter[] METER_VALUES = Meter.values();

  /** Meters that nearly every usage has come first: one of tokens alone is a third as large. */
  private static final int USUAL = Meter.OUTPUT_REASONING.ordinal() + 1;

  private static final Meter[] READ = of(Meter.Direction.IN);
  private static final Meter[] WRITTEN = of(Meter.Direction.OUT);

  /**
   * The most that one attempt can count in a meter: a hundred times the largest context of any
   * model. What a provider tells beyond that is a mistake, and no sum of money.
   */
  public static final long MOST = 1_000_000_000;

  /** The service tier of whoever asks for none. */
  public static final String STANDARD = "standard";

  /** Nothing consumed. */
  public static final Usage NONE = new Usage(new long[USUAL], null, null, null, List.of());

  /** By the meters' ordinals; of those beyond its end nothing was consumed. */
  private final long[] quantities;

  private final @Nullable String model;
  private final @Nullable String serviceTier;
  private final @Nullable String region;
  private final List<Usage> passes;

  private Usage(
      long[] quantities,
      @Nullable String model,
      @Nullable String serviceTier,
      @Nullable String region,
      List<Usage> passes) {
    this.quantities = quantities;
    this.model = model;
    this.serviceTier = serviceTier;
    this.region = region;
    this.passes = passes;
  }

  /** Returns the count of that meter. */
  public long of(Meter meter) {
    return at(quantities, meter);
  }

  private static long at(long[] quantities, Meter meter) {
    return meter.ordinal() < quantities.length ? quantities[meter.ordinal()] : 0;
  }

  /** Returns the model that the response names, or null when it names none. */
  public @Nullable String model() {
    return model;
  }

  /**
   * Returns the catalogue's name of the service tier that the response says was billed; null when
   * it says none, and in the ledger for the standard one.
   */
  public @Nullable String serviceTier() {
    return serviceTier;
  }

  /** Returns the region that the response says was billed, or null when it says none. */
  public @Nullable String region() {
    return region;
  }

  /**
   * Returns what other models than {@link #model} have used of it, each with its own name: they are
   * billed by their own prices. Empty for nearly every answer.
   */
  public List<Usage> passes() {
    return passes;
  }

  /** Returns what is left without the {@link #passes}. */
  public Usage withoutPasses() {
    if (passes.isEmpty()) {
      return this;
    }
    Builder own = toBuilder();
    own.passes = List.of();
    for (Usage pass : passes) {
      for (Meter meter : METER_VALUES) {
        own.add(meter, -pass.of(meter));
      }
    }
    return own.build();
  }

  /** Returns all input tokens, cached ones too. */
  public long inputTokens() {
    return sum(READ);
  }

  /** Returns all output tokens, reasoning too. */
  public long outputTokens() {
    return sum(WRITTEN);
  }

  /** Returns whether nothing was counted. */
  public boolean isEmpty() {
    for (long quantity : quantities) {
      if (quantity != 0) {
        return false;
      }
    }
    return true;
  }

  /** Returns whether an attempt can have used that much: no meter counts over {@link #MOST}. */
  public boolean isPlausible() {
    for (long quantity : quantities) {
      if (quantity > MOST) {
        return false;
      }
    }
    return true;
  }

  /** Returns the same with nothing counted. */
  public Usage withoutCounts() {
    return new Usage(NONE.quantities, model, serviceTier, region, List.of());
  }

  private static Meter[] of(Meter.Direction direction) {
    return Arrays.stream(METER_VALUES)
        .filter(meter -> meter.direction() == direction)
        .toArray(Meter[]::new);
  }

  private long sum(Meter[] meters) {
    long sum = 0;
    for (Meter meter : meters) {
      sum += of(meter);
    }
    return sum;
  }

  /** Returns a builder that starts at nothing. */
  public static Builder builder() {
    return new Builder(new long[USUAL]);
  }

  /** Returns a builder that starts at this usage. */
  public Builder toBuilder() {
    Builder builder = new Builder(quantities);
    builder.shared = true;
    builder.model = model;
    builder.serviceTier = serviceTier;
    builder.region = region;
    builder.passes = passes;
    return builder;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Usage that
        && Arrays.stream(METER_VALUES).allMatch(meter -> of(meter) == that.of(meter))
        && Objects.equals(model, that.model)
        && Objects.equals(serviceTier, that.serviceTier)
        && Objects.equals(region, that.region)
        && passes.equals(that.passes);
  }

  @Override
  public int hashCode() {
    long hash = 0;
    for (Meter meter : METER_VALUES) {
      hash = 31 * hash + of(meter);
    }
    return Long.hashCode(hash);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("Usage{");
    for (Meter meter : METER_VALUES) {
      if (of(meter) != 0) {
        text.append(meter.label()).append('=').append(of(meter)).append(' ');
      }
    }
    return text.append("model=")
        .append(model)
        .append(" tier=")
        .append(serviceTier)
        .append(" region=")
        .append(region)
        .append('}')
        .toString();
  }

  /** Collects counts. Confined to one thread. */
  public static final class Builder {
    private long[] quantities;

    /** Whether a usage has these quantities too: copied before the next change. */
    private boolean shared;

    private @Nullable String model;
    private @Nullable String serviceTier;
    private @Nullable String region;
    private List<Usage> passes = List.of();

    private Builder(long[] quantities) {
      this.quantities = quantities;
    }

    /** Sets a meter; a negative count (a provider's mistake) is taken as 0. */
    public Builder set(Meter meter, long quantity) {
      int at = meter.ordinal();
      if (at >= quantities.length) {
        if (quantity <= 0) {
          return this;
        }
        quantities = Arrays.copyOf(quantities, at + 1);
        shared = false;
      } else if (shared) {
        quantities = quantities.clone();
        shared = false;
      }
      quantities[at] = Math.max(0, quantity);
      return this;
    }

    /** Adds to a meter. */
    public Builder add(Meter meter, long quantity) {
      return set(meter, get(meter) + quantity);
    }

    /** Returns the count so far. */
    public long get(Meter meter) {
      return at(quantities, meter);
    }

    /** Sets the model that the response names. */
    public Builder model(@Nullable String model) {
      this.model = model;
      return this;
    }

    /** Sets the catalogue's name of the billed service tier; null where none is named. */
    public Builder serviceTier(@Nullable String serviceTier) {
      this.serviceTier = serviceTier;
      return this;
    }

    /** Sets the billed region. */
    public Builder region(@Nullable String region) {
      this.region = region;
      return this;
    }

    /** Adds what another model has used, which that usage names: to every meter, and as a pass. */
    public Builder addPass(Usage pass) {
      for (Meter meter : METER_VALUES) {
        add(meter, pass.of(meter));
      }
      passes = new ArrayList<>(passes);
      passes.add(pass);
      return this;
    }

    /** Returns the usage; the builder may go on. */
    public Usage build() {
      shared = true;
      return new Usage(quantities, model, serviceTier, region, List.copyOf(passes));
    }
  }
}

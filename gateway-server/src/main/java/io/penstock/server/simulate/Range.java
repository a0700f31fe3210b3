package io.penstock.server.simulate;

import java.util.function.LongFunction;
import java.util.function.ToLongFunction;

/** A figure over the scenarios: what it probably is, between what it may be. */
record Range(long likely, long least, long most) {
  static Range of(ToLongFunction<Scenario> figure) {
    long likely = figure.applyAsLong(Scenario.LIKELY);
    long least = likely;
    long most = likely;
    for (Scenario scenario : Scenario.values()) {
      long value = figure.applyAsLong(scenario);
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    return new Range(likely, least, most);
  }

  boolean isKnown() {
    return least == most;
  }

  /** Returns the figure, with its bounds where it is not known. */
  String show(LongFunction<String> format) {
    return isKnown()
        ? format.apply(likely)
        : format.apply(likely) + " (" + format.apply(least) + " to " + format.apply(most) + ")";
  }
}

package io.penstock.core.rule;

import java.util.Map;
import java.util.function.Function;

/** Finds the conditions that may hold by the value of one text. Immutable. */
final class Lookup {
  private static final int[] NOTHING = {};

  private final Function<Facts, String> reader;
  private final Map<String, int[]> places;

  /** Takes ownership of the map: literal to the ascending places of what it may let hold. */
  Lookup(Text text, Map<String, int[]> places) {
    this.reader = text.reader();
    this.places = places;
  }

  int[] find(Facts facts) {
    return places.getOrDefault(reader.apply(facts), NOTHING);
  }
}

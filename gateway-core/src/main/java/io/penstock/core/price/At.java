package io.penstock.core.price;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A place in a price file, as a chain, so that walking a catalogue builds no text. Immutable. */
record At(@Nullable At parent, Object step) {
  static final At ROOT = new At(null, "");

  At key(String name) {
    return new At(this, name);
  }

  At item(int index) {
    return new At(this, index);
  }

  /** Returns the names and indices from the root. */
  List<Object> steps() {
    List<Object> steps = new ArrayList<>();
    for (At at = this; at.parent != null; at = at.parent) {
      steps.addFirst(at.step);
    }
    return steps;
  }
}

package io.penstock.core.rule;

import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A text of the request that costs nothing to read: who asks, for what, or a metadata value.
 *
 * @param variable the variable's name
 * @param key the metadata key; "" for any other variable
 */
record Text(String variable, String key) {
  private static final String METADATA = "metadata";

  /** Returns the text of a variable, or null when it is none or one that is dear to find. */
  static @Nullable Text of(String variable) {
    boolean steady = Condition.MEMOISABLE.contains(variable) || variable.equals("end_user");
    return steady ? new Text(variable, "") : null;
  }

  static Text ofMetadata(String key) {
    return new Text(METADATA, key);
  }

  /** Reads it as conditions do: "" when it is absent. */
  Function<Facts, String> reader() {
    return variable.equals(METADATA)
        ? facts -> Shapes.at(true, facts, key)
        : Objects.requireNonNull(Variables.text(variable));
  }

  /** Reads it so that an absent metadata value, null, is told from an empty one. */
  Function<Facts, @Nullable String> exactReader() {
    if (variable.equals(METADATA)) {
      return facts -> facts.metadata().get(key);
    }
    Function<Facts, String> reader = Objects.requireNonNull(Variables.text(variable));
    return facts -> reader.apply(facts);
  }
}

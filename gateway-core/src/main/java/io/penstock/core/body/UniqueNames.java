package io.penstock.core.body;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Passes over values and refuses objects that have a name twice: of two caps the gateway would hold
 * one and the provider obey the other. One per body; confined to one thread.
 */
final class UniqueNames {
  /** Up to so many names are compared with one another, more are hashed. */
  private static final int FEW = 24;

  /** The names of all open objects, the outermost first. */
  private String[] names = new String[FEW];

  /** By depth: where the names of that object begin. */
  private int[] starts = new int[8];

  /** By depth: the names of an object that has many. */
  private @Nullable Set<String>[] many = sets(8);

  private int depth;
  private int count;

  /**
   * Passes over the object or array that the parser stands at the beginning of, to its end.
   *
   * @throws io.penstock.core.GatewayException 400 {@code invalid_json} that has the name
   */
  void pass(JsonParser parser) throws IOException {
    JsonToken token = parser.currentToken();
    do {
      switch (token) {
        case START_OBJECT, START_ARRAY -> open();
        case END_OBJECT, END_ARRAY -> close();
        case FIELD_NAME -> add(parser.currentName());
        default -> {}
      }
      if (depth == 0) {
        return;
      }
      token = parser.nextToken();
    } while (token != null);
  }

  private void open() {
    if (depth == starts.length) {
      starts = Arrays.copyOf(starts, 2 * depth);
      many = Arrays.copyOf(many, 2 * depth);
    }
    starts[depth++] = count;
  }

  private void close() {
    count = starts[--depth];
    many[depth] = null;
  }

  private void add(String name) {
    Set<String> hashed = many[depth - 1];
    if (hashed != null) {
      if (!hashed.add(name)) {
        throw JsonScan.twice(name);
      }
      return;
    }
    int start = starts[depth - 1];
    for (int i = start; i < count; i++) {
      if (names[i].equals(name)) {
        throw JsonScan.twice(name);
      }
    }
    if (count == names.length) {
      names = Arrays.copyOf(names, 2 * count);
    }
    names[count++] = name;
    if (count - start == FEW) {
      many[depth - 1] = new HashSet<>(Arrays.asList(names).subList(start, count));
    }
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // Java has no arrays of generic types
  private static @Nullable Set<String>[] sets(int size) {
    return new Set[size];
  }
}

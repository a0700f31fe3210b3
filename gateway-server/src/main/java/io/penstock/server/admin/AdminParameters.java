package io.penstock.server.admin;

import io.penstock.core.Suggest;
import java.util.ArrayList;
import java.util.List;

/**
 * The query parameters that a path takes.
 *
 * @param names all of them, in the order in which they are told
 * @param several those that may stand more than once
 */
record AdminParameters(List<String> names, List<String> several) {
  private static final String SEVERAL = "...";

  /** Returns those of the names; one that ends in dots may stand more than once. */
  static AdminParameters of(String... takes) {
    List<String> names = new ArrayList<>();
    List<String> several = new ArrayList<>();
    for (String take : takes) {
      String name =
          take.endsWith(SEVERAL) ? take.substring(0, take.length() - SEVERAL.length()) : take;
      names.add(name);
      if (!name.equals(take)) {
        several.add(name);
      }
    }
    return new AdminParameters(List.copyOf(names), List.copyOf(several));
  }

  /**
   * Refuses what would be passed over: parameters that nobody reads, and second values.
   *
   * @throws IllegalArgumentException naming the parameter and what is expected
   */
  void require(AdminRequest request) {
    request
        .query()
        .forEach((name, values) -> {
          if (!names.contains(name)) {
            String near = Suggest.nearest(name, names);
            throw new IllegalArgumentException(
                name
                    + ": no such parameter (expected: "
                    + (names.isEmpty() ? "none" : String.join(", ", names))
                    + (near == null ? ")" : "; did you mean " + near + "?)"));
          }
          if (values.size() > 1 && !several.contains(name)) {
            throw new IllegalArgumentException(
                name + ": " + String.join(" and ", values) + " (expected: it once)");
          }
        });
  }
}

package io.penstock.server.admin;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.Suggest;
import java.util.Iterator;
import java.util.List;

/** The fields of a body that the admin port takes. Stateless. */
public final class BodyFields {
  private static final int MAX_SHOWN = 60;

  private BodyFields() {}

  /**
   * Checks that a body has no others: what is not known would be taken and ignored.
   *
   * @throws IllegalArgumentException with the name, and the nearest that is known
   */
  public static void check(JsonNode body, List<String> known) {
    for (Iterator<String> names = body.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (!known.contains(name)) {
        String near = Suggest.nearest(name, known);
        throw new IllegalArgumentException(
            (name.length() <= MAX_SHOWN ? name : name.substring(0, MAX_SHOWN) + "...")
                + ": unknown field (expected: "
                + String.join(", ", known)
                + (near == null ? "" : "; did you mean " + near + "?")
                + ")");
      }
    }
  }
}

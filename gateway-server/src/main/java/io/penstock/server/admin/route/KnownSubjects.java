package io.penstock.server.admin.route;

import io.penstock.core.Suggest;
import io.penstock.server.config.BudgetConfig;
import io.penstock.server.config.Config;
import io.penstock.server.config.KeyConfig;
import java.util.Collection;
import java.util.List;

/** Whom a budget can count, where the configuration names them all. Stateless. */
final class KnownSubjects {
  private KnownSubjects() {}

  /**
   * Checks the subject of a budget that counts by team or by key.
   *
   * @throws IllegalArgumentException when nobody of that name can ever spend of it
   */
  static void check(Config config, String budget, String subject) {
    for (BudgetConfig one : config.budgets()) {
      if (!one.name().equals(budget)) {
        continue;
      }
      if (one.per().equals(List.of("team"))) {
        check(config.teams().keySet(), "a team", subject);
      } else if (one.per().equals(List.of("key")) && config.jwt().isEmpty()) {
        // Whoever comes with a token has no key of the configuration.
        check(config.keys().stream().map(KeyConfig::id).toList(), "a key", subject);
      }
    }
  }

  private static void check(Collection<String> known, String what, String subject) {
    if (!known.contains(subject)) {
      String near = Suggest.nearest(subject, known);
      throw new IllegalArgumentException(
          "subject: '"
              + subject
              + "' (expected: "
              + what
              + " of the configuration"
              + (near == null ? "" : "; did you mean '" + near + "'?")
              + ")");
    }
  }
}

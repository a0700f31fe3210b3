package io.penstock.server.config.load;

import io.penstock.server.config.AdminConfig;
import io.penstock.server.config.BudgetConfig;
import io.penstock.server.config.Config;
import io.penstock.server.config.schema.ValueRules;
import io.penstock.server.config.value.Secret;
import io.penstock.server.config.value.Share;
import io.penstock.server.config.value.Word;
import java.math.BigDecimal;
import java.util.List;

/** Checks what several sections say together, and warns of what is probably not meant. */
final class Sense {
  /** Characters of a token that whoever reaches the port may try. */
  private static final int LEAST_TOKEN = 16;

  private Sense() {}

  static void check(Config config, Tree tree) {
    AdminConfig admin = config.admin();
    if (!admin.listen().isLoopback() && admin.token() == null) {
      tree.problem(
          admin.listen().toString() + " without a token",
          "a loopback address such as 127.0.0.1:9091, or admin.token",
          "admin",
          "listen");
    }
    Secret token = admin.token();
    if (!admin.listen().isLoopback() && token != null && token.reveal().length() < LEAST_TOKEN) {
      tree.warning(
          Secret.MASK + " of " + token.reveal().length() + " characters",
          LEAST_TOKEN + " or more that nobody can guess, such as of openssl rand -hex 24",
          "admin",
          "token");
    }
    if (admin.listen().meets(config.listen())) {
      tree.problem(
          admin.listen().toString(),
          "another port than that of listen, where clients connect",
          "admin",
          "listen");
    }
    config.providers().forEach((name, provider) -> ProviderSense.check(name, provider, tree));
    alerts(config.budgets(), tree);
    config.teams().forEach((name, team) -> denied(team.deny(), tree, "teams", name));
    for (int i = 0; i < config.keys().size(); i++) {
      denied(config.keys().get(i).deny(), tree, "keys", i);
    }
    emptiness(tree);
    TelemetrySense.check(config.telemetry(), tree);
    if (config.state() != null && config.ledger().url().scheme().equals("sqlite")) {
      tree.warning(
          "SQLite beside Redis",
          "one PostgreSQL for all replicas: what a stopped one spent is unknown if Redis is lost",
          "ledger",
          "url");
    }
  }

  private static void denied(List<String> names, Tree tree, String section, Object of) {
    for (int i = 0; i < names.size(); i++) {
      if (ValueRules.QUESTIONS.contains(names.get(i))) {
        tree.warning(
            names.get(i),
            "a parameter that calls can do without: none passes of the endpoints whose question it"
                + " is",
            section,
            of,
            "deny",
            i);
      }
    }
  }

  /** What is refused at its limit never gets far beyond it. */
  private static void alerts(List<BudgetConfig> budgets, Tree tree) {
    for (int i = 0; i < budgets.size(); i++) {
      BudgetConfig budget = budgets.get(i);
      for (int j = 0; j < budget.alerts().size(); j++) {
        Share share = budget.alerts().get(j);
        boolean refuses = budget.over().action() == Word.OverAction.DENY;
        if (refuses && share.ratio().compareTo(BigDecimal.ONE) > 0) {
          tree.warning(
              share.toString(),
              "at most 100%, for this budget refuses what is over its limit (over: deny)",
              "budgets",
              i,
              "alerts",
              j);
        }
      }
    }
  }

  private static void emptiness(Tree tree) {
    if (tree.isEmpty("providers")) {
      tree.warning("none", "a provider: nothing can be answered", "providers");
    }
    if (tree.isEmpty("models")) {
      tree.warning("none", "a model: every name is a 404", "models");
    }
    if (tree.isEmpty("keys") && tree.isEmpty("jwt")) {
      tree.warning("none", "a key (`penstock key new`) or jwt: every call is a 401", "keys");
    }
  }
}

package io.penstock.server.config.load;

import io.penstock.core.ServedPaths;
import io.penstock.core.Suggest;
import io.penstock.core.identity.NameSet;
import io.penstock.server.config.BudgetConfig;
import io.penstock.server.config.Config;
import io.penstock.server.config.KeyConfig;
import io.penstock.server.config.ModelConfig;
import io.penstock.server.config.RateConfig;
import io.penstock.server.config.RuleConfig;
import io.penstock.server.config.TargetConfig;
import io.penstock.server.config.value.Sha256;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Checks that every name that is used exists, once. Confined to one load. */
final class References {
  private final Config config;
  private final Tree tree;
  private final List<Use> uses;
  private final Set<String> providers;
  private final Set<String> models;
  private final Set<String> teams;
  private final NameSet askable;

  References(Config config, Tree tree, List<Use> uses) {
    this.config = config;
    this.tree = tree;
    this.uses = uses;
    this.providers = tree.names("providers");
    this.models = tree.names("models");
    this.teams = tree.names("teams");
    this.askable = NameSet.of(List.copyOf(models));
  }

  void check() {
    uses.forEach(this::use);
    keys();
    once("budgets", config.budgets().stream().map(BudgetConfig::name).toList());
    once("rates", config.rates().stream().map(RateConfig::name).toList());
    passthrough();
    discounts();
    cycles();
  }

  /** A provider before the slash, or else the name of a model. */
  private void target(Use use) {
    String target = use.text();
    int slash = target.indexOf('/');
    if ((slash > 0 && providers.contains(target.substring(0, slash))) || models.contains(target)) {
      return;
    }
    if (slash > 0) {
      String near = Suggest.nearest(target.substring(0, slash), providers);
      Set<String> names = near == null ? models : Set.of(near + target.substring(slash));
      tree.unknown(use, "a provider under providers before the slash", names);
    } else {
      tree.unknown(use, "provider/model, or a name under models", models);
    }
  }

  /** What the star of a target stands for is told by the star of the name that is asked for. */
  private void wildcard(Use use) {
    String name = use.where().nameUnder("models");
    if (use.text().indexOf('*') >= 0 && name != null && name.indexOf('*') < 0) {
      tree.unknown(use, "a name without *, as `" + name + "` has none", Set.of());
    }
  }

  private void use(Use use) {
    switch (use.meaning()) {
      case TEAM -> {
        if (!teams.contains(use.text())) {
          tree.unknown(use, "a name under teams", teams);
        }
      }
      case MODEL_NAMES -> askable(use);
      case MODEL -> target(use.whole());
      case TARGET -> {
        target(use.whole());
        wildcard(use.whole());
      }
      case EMBEDDER -> embedder(use.whole());
      default -> {}
    }
  }

  /** What a team or key lists: a name under models, or one that a wildcard there takes. */
  private void askable(Use use) {
    String name = use.text();
    if (name.indexOf('*') < 0) {
      if (!askable.contains(name)) {
        tree.unknown(use, "a name under models", models);
      }
    } else if (!name.equals("*")) {
      NameSet pattern = NameSet.of(List.of(name));
      if (models.stream().noneMatch(model -> model.indexOf('*') >= 0 || pattern.contains(model))) {
        tree.warning(use, "a pattern that a name under models matches");
      }
    }
  }

  private void keys() {
    Map<String, String> owners = new HashMap<>();
    List<KeyConfig> keys = config.keys();
    once("keys", keys.stream().map(KeyConfig::id).toList());
    for (int i = 0; i < keys.size(); i++) {
      KeyConfig key = keys.get(i);
      for (Sha256 hash : key.sha256()) {
        String other = owners.putIfAbsent(hash.hex(), key.id());
        if (other != null) {
          tree.problem(
              hash.toString(), "each hash once; key " + other + " has it too", "keys", i, "sha256");
        }
      }
    }
  }

  private void once(String section, List<String> names) {
    String key = section.equals("keys") ? "id" : "name";
    Set<String> told = tree.once(section, key);
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < names.size(); i++) {
      // Those that only variables make the same.
      if (!seen.add(names.get(i)) && !told.contains(names.get(i))) {
        tree.problem(
            names.get(i),
            "each "
                + key
                + " once; the first is "
                + section
                + "["
                + names.indexOf(names.get(i))
                + "]",
            section,
            i,
            key);
      }
    }
  }

  private void passthrough() {
    config
        .passthrough()
        .forEach((path, entry) -> {
          if (!path.startsWith("/")) {
            tree.problem(path, "a path that begins with /", "passthrough", path);
          } else if (ServedPaths.containsBelow(path)) {
            tree.problem(
                path,
                "a path that is not served here, such as /v1/files: what is passed on has no route,"
                    + " no price and no budget of money",
                "passthrough",
                path);
          }
          if (!providers.contains(entry.provider())) {
            tree.unknown(
                entry.provider(),
                "a name under providers",
                providers,
                "passthrough",
                path,
                "provider");
          }
          passthroughTeams(path, entry.teams());
        });
  }

  private void passthroughTeams(String path, List<String> allowed) {
    if (allowed.isEmpty() && teams.size() > 1) {
      tree.warning(
          path,
          "teams, as in { provider: ..., teams: [...], methods: [GET, POST] }: without, every"
              + " team's keys use the provider's account here, and read and delete what others"
              + " have there; teams: [\"*\"] says that they may",
          "passthrough",
          path);
    }
    for (int i = 0; i < allowed.size(); i++) {
      String team = allowed.get(i);
      if (!team.equals("*") && !teams.contains(team)) {
        tree.unknown(team, "a name under teams, or *", teams, "passthrough", path, "teams", i);
      }
    }
  }

  private void discounts() {
    for (String target : config.prices().discounts().keySet()) {
      int slash = target.indexOf('/');
      String provider = slash < 0 ? "*" : target.substring(0, slash);
      if (provider.indexOf('*') < 0 && !providers.contains(provider)) {
        tree.unknown(
            target,
            "targets of a provider under providers",
            Set.of(),
            "prices",
            "discounts",
            target);
      }
    }
  }

  /** The process's own, or a model of a provider; a name under models may lead anywhere. */
  private void embedder(Use use) {
    String embedder = use.text();
    int slash = embedder.indexOf('/');
    boolean known = slash > 0 && providers.contains(embedder.substring(0, slash));
    boolean named = known && slash < embedder.length() - 1 && embedder.indexOf('*') < 0;
    if (!named && !embedder.equals("builtin")) {
      String expected = "builtin, or provider/model with a provider under providers";
      tree.unknown(use, expected, Set.of("builtin"));
    }
  }

  private void cycles() {
    Set<String> done = new HashSet<>();
    for (String name : config.models().keySet()) {
      follow(name, new ArrayList<>(), done);
    }
  }

  private void follow(String name, List<String> way, Set<String> done) {
    int at = way.indexOf(name);
    if (at >= 0) {
      String round = String.join(" -> ", way.subList(at, way.size())) + " -> " + name;
      tree.problem(round, "targets that end at a provider", "models", name);
      return;
    }
    ModelConfig model = config.models().get(name);
    if (model == null || !done.add(name)) {
      return;
    }
    way.add(name);
    for (TargetConfig target : model.targets()) {
      follow(nested(target.model()), way, done);
    }
    for (RuleConfig rule : model.rules()) {
      follow(nested(rule.use()), way, done);
    }
    way.removeLast();
  }

  /** The name of a model that a target means, "" when it means a provider. */
  private String nested(String target) {
    int slash = target.indexOf('/');
    return slash > 0 && providers.contains(target.substring(0, slash)) ? "" : target;
  }
}

package io.penstock.server.config;

import io.penstock.core.Suggest;
import io.penstock.core.identity.NameSet;
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
    config.models().forEach(this::model);
    uses.forEach(this::use);
    keys();
    budgets();
    once("rates", config.rates().stream().map(RateConfig::name).toList());
    passthrough();
    embedders();
    cycles();
  }

  private void model(String name, ModelConfig model) {
    for (int i = 0; i < model.targets().size(); i++) {
      String target = model.targets().get(i).model();
      target(target, "models", name, "targets", i, "model");
      if (target.indexOf('*') >= 0 && name.indexOf('*') < 0) {
        tree.problem(
            target,
            "a name without *, as `" + name + "` has none",
            "models",
            name,
            "targets",
            i,
            "model");
      }
    }
    for (int i = 0; i < model.rules().size(); i++) {
      target(model.rules().get(i).use(), "models", name, "rules", i, "use");
    }
    if (model.baseline() != null) {
      target(model.baseline(), "models", name, "baseline");
    }
    if (model.shadow() != null) {
      target(model.shadow().model(), "models", name, "shadow", "model");
    }
  }

  /** A provider before the slash, or else the name of a model. */
  private void target(String target, Object... path) {
    int slash = target.indexOf('/');
    if ((slash > 0 && providers.contains(target.substring(0, slash))) || models.contains(target)) {
      return;
    }
    if (slash > 0) {
      String near = Suggest.nearest(target.substring(0, slash), providers);
      Set<String> names = near == null ? models : Set.of(near + target.substring(slash));
      tree.unknown(target, "a provider under providers before the slash", names, path);
    } else {
      tree.unknown(target, "provider/model, or a name under models", models, path);
    }
  }

  private void use(Use use) {
    if (use.meaning() == Meaning.TEAM && !teams.contains(use.text())) {
      tree.unknown(use, "a name under teams", teams);
    } else if (use.meaning() == Meaning.MODEL_NAMES) {
      askable(use);
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

  private void budgets() {
    once("budgets", config.budgets().stream().map(BudgetConfig::name).toList());
    for (int i = 0; i < config.budgets().size(); i++) {
      String use = config.budgets().get(i).over().use();
      if (use != null) {
        target(use, "budgets", i, "over", "use");
      }
    }
  }

  private void once(String section, List<String> names) {
    Set<String> seen = new HashSet<>();
    String key = section.equals("keys") ? "id" : "name";
    for (int i = 0; i < names.size(); i++) {
      if (!seen.add(names.get(i))) {
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
        .forEach((path, provider) -> {
          if (!path.startsWith("/")) {
            tree.problem(path, "a path that begins with /", "passthrough", path);
          }
          if (!providers.contains(provider)) {
            tree.unknown(provider, "a name under providers", providers, "passthrough", path);
          }
        });
  }

  /** The process's own, or a model of a provider; a name under models may lead anywhere. */
  private void embedders() {
    List<CacheConfig.SemanticConfig> rules = config.cache().semantic();
    for (int i = 0; i < rules.size(); i++) {
      String embedder = rules.get(i).embedder();
      int slash = embedder.indexOf('/');
      boolean known = slash > 0 && providers.contains(embedder.substring(0, slash));
      boolean named = known && slash < embedder.length() - 1 && embedder.indexOf('*') < 0;
      if (!named && !embedder.equals("builtin")) {
        tree.unknown(
            embedder,
            "builtin, or provider/model with a provider under providers",
            Set.of("builtin"),
            "cache",
            "semantic",
            i,
            "embedder");
      }
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

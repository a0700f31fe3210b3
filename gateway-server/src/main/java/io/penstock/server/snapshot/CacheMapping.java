package io.penstock.server.snapshot;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.cache.CacheScope;
import io.penstock.core.route.RouteSpec;
import io.penstock.core.route.RouteTable;
import io.penstock.core.rule.Condition;
import io.penstock.core.rule.ConditionException;
import io.penstock.core.rule.ConditionIndex;
import io.penstock.core.rule.Conditions;
import io.penstock.core.rule.Facts;
import io.penstock.server.call.CacheRules;
import io.penstock.server.config.CacheConfig.ExactConfig;
import io.penstock.server.config.Config;
import io.penstock.server.config.EffectiveConfig;
import io.penstock.server.config.ModelConfig;
import io.penstock.server.config.RuleConfig;
import io.penstock.server.config.TargetConfig;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The cache rules of a configuration as calls need them. */
public final class CacheMapping {
  /** Semantic entries lie in the exact store; its default when no exact rule gives it a size. */
  private static final long SEMANTIC_BYTES = 256L << 20;

  /**
   * Variables whose values every key has already. Not {@code stream}, which no key has, and not
   * what the last question decides, which is no part of a semantic partition.
   */
  private static final Set<String> OF_EVERY_KEY =
      Set.of("model", "endpoint", "max_tokens", "tools", "images", "turns", "system");

  private final Config config;
  private final Conditions conditions;
  private final RouteTable routes;
  private final JsonNode effective;

  /** Creates one of that configuration and its routes, which compiles with those. */
  public CacheMapping(Config config, Conditions conditions, RouteTable routes) {
    this.config = config;
    this.conditions = conditions;
    this.routes = routes;
    this.effective = EffectiveConfig.render(config);
  }

  /** Returns the bytes that the process may keep: those of all rules together. */
  public static long maxBytes(Config config) {
    boolean onlySemantic = config.cache().exact().isEmpty() && !config.cache().semantic().isEmpty();
    return onlySemantic
        ? SEMANTIC_BYTES
        : config.cache().exact().stream().mapToLong(rule -> rule.maxBytes().bytes()).sum();
  }

  /**
   * Returns the rules.
   *
   * @throws IllegalArgumentException when a condition is wrong
   */
  public CacheRules rules() {
    List<CacheRules.Rule> rules = new ArrayList<>();
    for (ExactConfig rule : config.cache().exact()) {
      String path = "cache.exact[" + rules.size() + "].when";
      rules.add(
          new CacheRules.Rule(
              condition(conditions, path, rule.when(), Conditions.Kind.REQUEST),
              rule.ttl().toMillis(),
              CacheScope.Kind.valueOf(rule.scope().name())));
    }
    Map<String, CacheRules.Answerer> answerers = new HashMap<>();
    if (!rules.isEmpty() || !config.cache().semantic().isEmpty()) {
      for (String name : config.models().keySet()) {
        answerers.put(name, new CacheRules.Answerer(fingerprint(name), deciding(name)));
      }
    }
    return new CacheRules(rules, answerers, config.cache().singleflight());
  }

  /** Compiles a condition; one that is not given always holds. */
  static Condition condition(
      Conditions conditions, String path, @Nullable String text, Conditions.Kind kind) {
    if (text == null || text.isBlank()) {
      return Condition.ALWAYS;
    }
    try {
      return conditions.compile(text, kind);
    } catch (ConditionException e) {
      throw new IllegalArgumentException(
          path + ": " + text + " (expected: " + e.getMessage() + ")", e);
    }
  }

  /**
   * Returns a digest of a route or target, of the routes it leads to and of their providers; no
   * secret is in it.
   */
  String fingerprint(String route) {
    TreeSet<String> parts = new TreeSet<>();
    for (String name : along(route)) {
      if (config.models().containsKey(name)) {
        parts.add("models." + name + effective.path("models").path(name));
      } else if (isTarget(name)) {
        String provider = name.substring(0, name.indexOf('/'));
        parts.add("providers." + provider + effective.path("providers").path(provider));
      } else {
        // A name that only a pattern serves: whatever may match counts.
        parts.add("models" + effective.path("models"));
      }
    }
    return HexFormat.of()
        .formatHex(sha256().digest(String.join("\n", parts).getBytes(StandardCharsets.UTF_8)));
  }

  private boolean isTarget(String name) {
    int slash = name.indexOf('/');
    return slash >= 0 && config.providers().containsKey(name.substring(0, slash));
  }

  /**
   * Returns what two calls with equal bodies may differ in along the way: of rules, which model
   * answers; of what a cascade accepts, which answers will do.
   */
  private List<Condition.Part> deciding(String route) {
    Set<String> names = along(route);
    boolean any = names.stream().anyMatch(n -> !config.models().containsKey(n) && !isTarget(n));
    List<Condition.Part> deciding = new ArrayList<>();
    for (String name : any ? new TreeSet<>(config.models().keySet()) : names) {
      ModelConfig model = config.models().get(name);
      if (model != null) {
        String path = "models." + name;
        FirstRule rule = firstRule(name, model);
        if (!OF_EVERY_KEY.containsAll(rule.variables())) {
          deciding.add(rule);
        }
        model.targets().stream()
            .map(target ->
                condition(conditions, path + ".targets", target.accept(), Conditions.Kind.RESPONSE))
            .flatMap(accept -> accept.parts().stream())
            .filter(part -> !OF_EVERY_KEY.containsAll(part.variables()))
            .forEach(deciding::add);
      }
    }
    return deciding;
  }

  private FirstRule firstRule(String name, ModelConfig model) {
    Set<String> variables = new HashSet<>();
    for (RuleConfig rule : model.rules()) {
      String path = "models." + name + ".rules";
      variables.addAll(
          condition(conditions, path, rule.condition(), Conditions.Kind.REQUEST).variables());
    }
    RouteTable.Found found = routes.find(name);
    return found != null && found.spec() instanceof RouteSpec.Rules rules
        ? new FirstRule(routes.rules(rules), Set.copyOf(variables))
        : new FirstRule(new ConditionIndex(List.of()), Set.of());
  }

  /** Which rule of a route holds: found as the route finds it, however many there are. */
  private record FirstRule(ConditionIndex rules, Set<String> variables) implements Condition.Part {
    @Override
    public String of(Facts facts) {
      return rules.first(facts) + ";";
    }
  }

  /** Returns the name of a route or target and those of all that it leads to, sorted. */
  private Set<String> along(String route) {
    Set<String> found = new TreeSet<>();
    Deque<String> open = new ArrayDeque<>(List.of(route));
    while (!open.isEmpty()) {
      String name = open.removeFirst();
      ModelConfig model = config.models().get(name);
      if (found.add(name) && model != null) {
        model.targets().stream().map(TargetConfig::model).forEach(open::add);
        model.rules().stream().map(RuleConfig::use).forEach(open::add);
      }
    }
    return found;
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}

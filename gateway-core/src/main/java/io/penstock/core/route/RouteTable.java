package io.penstock.core.route;

import io.penstock.core.rule.ConditionIndex;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Model names and their routes: aliases, wildcards and nesting. Immutable, safe on any thread; made
 * by {@link #of}, which reports every problem and not just the first.
 */
public final class RouteTable {
  private final Map<String, RouteSpec> exact;
  private final List<Map.Entry<String, RouteSpec>> wildcards;
  private final Set<String> providers;
  private final IdentityHashMap<RouteSpec, ConditionIndex> rules = new IdentityHashMap<>();
  private final IdentityHashMap<RouteSpec, List<Choice>> choices = new IdentityHashMap<>();
  private final Set<RouteSpec> embedding = Collections.newSetFromMap(new IdentityHashMap<>());

  private RouteTable(Map<String, RouteSpec> models, Set<String> providers) {
    Map<String, RouteSpec> names = new HashMap<>();
    List<Map.Entry<String, RouteSpec>> patterns = new ArrayList<>();
    models.forEach((name, spec) -> {
      if (name.endsWith("*")) {
        patterns.add(Map.entry(name, spec));
      } else {
        names.put(name, spec);
      }
      if (spec instanceof RouteSpec.Rules list) {
        rules.put(spec, index(list));
      }
    });
    patterns.sort(Comparator.comparingInt(entry -> -entry.getKey().length()));
    this.exact = Map.copyOf(names);
    this.wildcards = List.copyOf(patterns);
    this.providers = Set.copyOf(providers);
    for (RouteSpec spec : models.values()) {
      choices.put(spec, Choice.all(spec, "", this));
      if (reachesEmbedding(spec, Collections.newSetFromMap(new IdentityHashMap<>()))) {
        embedding.add(spec);
      }
    }
  }

  private boolean reachesEmbedding(RouteSpec spec, Set<RouteSpec> seen) {
    if (!seen.add(spec)) {
      return false;
    }
    if (spec instanceof RouteSpec.Complexity complexity && complexity.router().usesEmbedding()) {
      return true;
    }
    for (TargetSpec target : spec.targets()) {
      RouteSpec nested = nested(target.model());
      if (nested != null && reachesEmbedding(nested, seen)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Builds the table.
   *
   * @param models names that clients may ask for; a trailing {@code *} matches any rest
   * @param providers the configured providers' names
   * @param problems receives every problem; the table may be used only when none was added
   */
  public static RouteTable of(
      Map<String, RouteSpec> models, Set<String> providers, List<Problem> problems) {
    RouteTable table = new RouteTable(models, providers);
    new RouteCheck(table, problems).check(new TreeMap<>(models));
    return table;
  }

  /**
   * A name that was found.
   *
   * @param name what was asked for
   * @param spec how it is answered
   * @param rest what the name's {@code *} matched, "" when there is none
   */
  public record Found(String name, RouteSpec spec, String rest) {}

  /** Returns the route of a name: exact, else by the longest wildcard, else null. */
  public @Nullable Found find(String name) {
    RouteSpec spec = exact.get(name);
    if (spec != null) {
      return new Found(name, spec, "");
    }
    for (Map.Entry<String, RouteSpec> wildcard : wildcards) {
      String prefix = wildcard.getKey().substring(0, wildcard.getKey().length() - 1);
      if (name.startsWith(prefix)) {
        return new Found(name, wildcard.getValue(), name.substring(prefix.length()));
      }
    }
    return null;
  }

  /** Returns whether a router on a way of this route judges by the prompt's embedding. */
  public boolean usesEmbedding(Found route) {
    return embedding.contains(route.spec());
  }

  /** Returns whether any route's router judges by the prompt's embedding. */
  public boolean usesEmbedding() {
    return !embedding.isEmpty();
  }

  /** Returns the routers that judge prompts. */
  public Set<Router> routers() {
    Set<Router> routers = new HashSet<>();
    specs()
        .forEach(spec -> {
          if (spec instanceof RouteSpec.Complexity complexity) {
            routers.add(complexity.router());
          }
        });
    return routers;
  }

  /** Returns whether any route fixes or adds this parameter; looks at all of them. */
  public boolean gives(String parameter) {
    return specs()
        .flatMap(spec -> spec.targets().stream())
        .anyMatch(target ->
            target.set().containsKey(parameter) || target.defaults().containsKey(parameter));
  }

  private Stream<RouteSpec> specs() {
    return Stream.concat(exact.values().stream(), wildcards.stream().map(Map.Entry::getValue));
  }

  /** Returns the names without a wildcard. */
  public Set<String> names() {
    return exact.keySet();
  }

  /** Returns the route that a target names, or null when it names a provider's model. */
  @Nullable RouteSpec nested(String target) {
    return providerOf(target) == null ? exact.get(target) : null;
  }

  /** Returns the configured provider of {@code provider/model}, or null. */
  @Nullable String providerOf(String target) {
    int slash = target.indexOf('/');
    if (slash <= 0 || slash == target.length() - 1) {
      return null;
    }
    String provider = target.substring(0, slash);
    return providers.contains(provider) ? provider : null;
  }

  /** Returns the targets of a route as configured; put together once where no {@code *} is. */
  List<Choice> choices(Found route) {
    List<Choice> known = route.rest().isEmpty() ? choices.get(route.spec()) : null;
    return known == null ? Choice.all(route.spec(), route.rest(), this) : known;
  }

  /** Returns the conditions of a route's rules, in their order. */
  public ConditionIndex rules(RouteSpec.Rules spec) {
    ConditionIndex index = rules.get(spec);
    return index == null ? index(spec) : index;
  }

  private static ConditionIndex index(RouteSpec.Rules spec) {
    return new ConditionIndex(spec.rules().stream().map(RouteSpec.Rule::when).toList());
  }
}

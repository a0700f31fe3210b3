package io.penstock.server.call;

import io.penstock.core.identity.NameSet;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Model names and what they mean: exact names first, then the pattern with the most literal text.
 * Thread-safe; what a pattern gave for a name is kept, up to a bound.
 */
public final class ModelTable {
  private static final int MAX_KEPT = 4096;

  /**
   * A model name that can be asked for.
   *
   * @param name the name under {@code models}
   * @param targets in the order in which they are tried
   * @param holdMillis how long headers wait for the first content
   */
  public record Route(String name, List<TargetRuntime> targets, long holdMillis) {
    public Route {
      targets = List.copyOf(targets);
    }
  }

  /**
   * A name with stars.
   *
   * @param make gives the route of the name that was asked for
   */
  public record Wildcard(String pattern, Function<String, Route> make) {}

  private record Matcher(NameSet names, Wildcard wildcard) {}

  private final Map<String, Route> exact;
  private final List<Matcher> wildcards = new ArrayList<>();
  private final ConcurrentHashMap<String, Route> kept = new ConcurrentHashMap<>();
  private final List<String> names;

  /** Creates the table. */
  public ModelTable(Map<String, Route> exact, Collection<Wildcard> patterns) {
    this.exact = new HashMap<>(exact);
    patterns.stream()
        .sorted((a, b) -> Integer.compare(b.pattern().length(), a.pattern().length()))
        .forEach(w -> wildcards.add(new Matcher(NameSet.of(List.of(w.pattern())), w)));
    this.names = exact.keySet().stream().sorted().toList();
  }

  /** Returns the names without stars, sorted. */
  public List<String> names() {
    return names;
  }

  /** Returns the routes of the names without stars. */
  public Collection<Route> routes() {
    return exact.values();
  }

  /** Returns what the name means, or null when nobody can be asked for it. */
  public @Nullable Route find(String name) {
    Route route = exact.get(name);
    if (route != null) {
      return route;
    }
    route = kept.get(name);
    if (route != null) {
      return route;
    }
    for (Matcher matcher : wildcards) {
      if (matcher.names.contains(name)) {
        route = matcher.wildcard.make().apply(name);
        if (kept.size() < MAX_KEPT) {
          kept.put(name, route);
        }
        return route;
      }
    }
    return null;
  }
}

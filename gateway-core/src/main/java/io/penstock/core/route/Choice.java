package io.penstock.core.route;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A target in the order in which a route would try it.
 *
 * @param target as the route names it, with {@code *} filled in
 * @param provider the configured provider of it, or null when it names another route
 * @param model the provider's own name of the model, or "" when there is no provider
 * @param words why; put together for targets that are tried, not for all that might be
 */
record Choice(
    TargetSpec spec,
    String target,
    @Nullable String provider,
    String model,
    Supplier<String> words) {
  Choice because(Supplier<String> reason) {
    return new Choice(spec, target, provider, model, reason);
  }

  /** Returns why, such as {@code weighted 5%}. */
  String why() {
    return words.get();
  }

  /**
   * Returns the targets of a route in the order of the configuration.
   *
   * @param rest what the route's own {@code *} matched
   * @param table knows the providers
   */
  static List<Choice> all(RouteSpec route, String rest, RouteTable table) {
    if (route instanceof RouteSpec.Rules) {
      return List.of();
    }
    List<TargetSpec> targets = route.targets();
    double total = targets.stream().mapToDouble(TargetSpec::weight).sum();
    List<Choice> choices = new ArrayList<>(targets.size());
    for (int i = 0; i < targets.size(); i++) {
      TargetSpec target = targets.get(i);
      String why =
          switch (route) {
            case RouteSpec.Priority priority -> Reason.priority(i);
            case RouteSpec.Cascade cascade -> "cascade[" + i + "]";
            case RouteSpec.Weighted weighted ->
                "weighted " + Math.round(100 * target.weight() / total) + "%";
            default -> "";
          };
      choices.add(of(target, rest, why, table));
    }
    return List.copyOf(choices);
  }

  static Choice of(TargetSpec spec, String rest, String why, RouteTable table) {
    String target = spec.model().replace("*", rest);
    String provider = table.providerOf(target);
    String model = provider == null ? "" : target.substring(provider.length() + 1);
    return new Choice(spec, target, provider, model, () -> why);
  }
}

package io.penstock.server.snapshot;

import io.penstock.core.Endpoint;
import io.penstock.core.price.PricedModel;
import io.penstock.core.route.Problem;
import io.penstock.core.route.RouteSpec;
import io.penstock.core.route.RouteTable;
import io.penstock.core.route.TargetSpec;
import io.penstock.server.targets.ProviderRuntime;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Finds targets that could never answer: a model of a kind that its provider's dialect does not
 * serve, and targets of one route that no endpoint has in common. Models that the catalogue does
 * not know are not judged.
 */
final class EndpointCheck {
  private final RouteTable routes;
  private final Map<String, ProviderRuntime> providers;
  private final BiFunction<String, String, @Nullable PricedModel> listed;
  private final List<Problem> problems = new ArrayList<>();

  /** A target whose kind is known. */
  private record Target(String path, String label, String kind, EnumSet<Endpoint> endpoints) {}

  EndpointCheck(
      RouteTable routes,
      Map<String, ProviderRuntime> providers,
      BiFunction<String, String, @Nullable PricedModel> listed) {
    this.routes = routes;
    this.providers = providers;
    this.listed = listed;
  }

  List<Problem> problems() {
    for (String name : new TreeSet<>(routes.names())) {
      RouteSpec spec = Objects.requireNonNull(routes.find(name)).spec();
      List<Target> targets = new ArrayList<>();
      collect("models." + name, spec, targets, new HashSet<>());
      for (Target target : targets) {
        checkServed(target);
      }
      if (!(spec instanceof RouteSpec.Rules)) {
        checkCommon(targets);
      }
    }
    return problems;
  }

  /**
   * Rules may tell endpoints apart, so nothing is collected through them but at their own level.
   */
  private void collect(String path, RouteSpec spec, List<Target> into, Set<RouteSpec> seen) {
    if (!seen.add(spec)) {
      return;
    }
    boolean rules = spec instanceof RouteSpec.Rules;
    int i = 0;
    for (TargetSpec target : spec.targets()) {
      String at = path + (rules ? ".rules[%d].use" : ".targets[%d]").formatted(i++);
      String label = target.model();
      int slash = label.indexOf('/');
      RouteTable.Found nested = routes.names().contains(label) ? routes.find(label) : null;
      if (nested != null && !(nested.spec() instanceof RouteSpec.Rules)) {
        collect(at, nested.spec(), into, seen);
      } else if (nested == null && slash > 0 && label.indexOf('*') < 0) {
        PricedModel price = listed.apply(label.substring(0, slash), label.substring(slash + 1));
        EnumSet<Endpoint> endpoints = price == null ? null : endpoints(price.kind());
        if (price != null && endpoints != null) {
          into.add(new Target(at, label, price.kind(), endpoints));
        }
      }
    }
  }

  private void checkServed(Target target) {
    ProviderRuntime provider = providers.get(target.label.substring(0, target.label.indexOf('/')));
    if (provider != null && target.endpoints.stream().noneMatch(provider.provider()::serves)) {
      problems.add(
          new Problem(
              target.path,
              "%s is of the kind %s, which the dialect %s does not serve (expected: %s)"
                  .formatted(
                      target.label,
                      target.kind,
                      provider.dialect().label(),
                      "a provider of one of " + labels(target.endpoints))));
    }
  }

  private void checkCommon(List<Target> targets) {
    EnumSet<Endpoint> common = EnumSet.allOf(Endpoint.class);
    for (Target target : targets) {
      EnumSet<Endpoint> left = EnumSet.copyOf(common);
      left.retainAll(target.endpoints);
      if (left.isEmpty()) {
        problems.add(
            new Problem(
                target.path,
                "%s is of the kind %s (expected: one that can answer what %s can: %s)"
                    .formatted(
                        target.label, target.kind, targets.getFirst().label, labels(common))));
      } else {
        common = left;
      }
    }
  }

  private static String labels(Set<Endpoint> endpoints) {
    return String.join(", ", endpoints.stream().map(Endpoint::label).toList());
  }

  /** Returns where a kind of model can be asked; null when that says nothing. */
  private static @Nullable EnumSet<Endpoint> endpoints(String kind) {
    EnumSet<Endpoint> conversations =
        EnumSet.of(
            Endpoint.CHAT,
            Endpoint.COMPLETIONS,
            Endpoint.RESPONSES,
            Endpoint.MESSAGES,
            Endpoint.GENERATE);
    return switch (kind) {
      case "chat", "responses" -> conversations;
      case "embedding" ->
          EnumSet.of(Endpoint.EMBEDDINGS, Endpoint.EMBED_CONTENT, Endpoint.BATCH_EMBED_CONTENTS);
      case "rerank" -> EnumSet.of(Endpoint.RERANK);
      case "transcription" -> EnumSet.of(Endpoint.TRANSCRIPTIONS, Endpoint.TRANSLATIONS);
      // Gemini's are asked like any other model.
      case "image" -> with(conversations, Endpoint.IMAGES);
      case "speech" -> with(conversations, Endpoint.SPEECH);
      default -> null;
    };
  }

  private static EnumSet<Endpoint> with(EnumSet<Endpoint> endpoints, Endpoint more) {
    endpoints.add(more);
    return endpoints;
  }
}

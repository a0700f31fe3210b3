package io.penstock.server.snapshot;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.cache.semantic.TextEmbedder;
import io.penstock.core.route.Problem;
import io.penstock.core.route.RouteOptions;
import io.penstock.core.route.RouteSpec;
import io.penstock.core.route.RouteTable;
import io.penstock.core.route.Router;
import io.penstock.core.route.TargetSpec;
import io.penstock.core.rule.Condition;
import io.penstock.core.rule.ConditionException;
import io.penstock.core.rule.Conditions;
import io.penstock.server.config.Config;
import io.penstock.server.config.HedgeConfig;
import io.penstock.server.config.ModelConfig;
import io.penstock.server.config.RuleConfig;
import io.penstock.server.config.ShadowConfig;
import io.penstock.server.config.StickyConfig;
import io.penstock.server.config.TargetConfig;
import io.penstock.server.config.value.HedgeDelay;
import io.penstock.server.config.value.Json;
import io.penstock.server.config.value.RouterFile;
import io.penstock.server.config.value.Word;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Models of a configuration as the route table has them. */
public final class RouteMapping {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Conditions conditions;
  private final List<Problem> problems = new ArrayList<>();

  /** Creates one, which compiles with those. */
  public RouteMapping(Conditions conditions) {
    this.conditions = conditions;
  }

  /**
   * Returns the table.
   *
   * @throws IllegalArgumentException with every problem, one a line
   */
  public RouteTable table(Config config) {
    Map<String, RouteSpec> specs = new LinkedHashMap<>();
    config.models().forEach((name, model) -> specs.put(name, spec(name, model)));
    RouteTable table = RouteTable.of(specs, config.providers().keySet(), problems);
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(
          String.join("\n", problems.stream().map(Problem::toString).toList()));
    }
    return table;
  }

  private RouteSpec spec(String name, ModelConfig model) {
    RouteOptions options = options(model);
    List<TargetSpec> targets = new ArrayList<>();
    for (TargetConfig target : model.targets()) {
      targets.add(target("models." + name + ".targets[" + targets.size() + "]", target));
    }
    return switch (model.strategy()) {
      case PLAIN -> new RouteSpec.Plain(targets.getFirst(), options);
      case PRIORITY -> new RouteSpec.Priority(targets, options);
      case CASCADE -> new RouteSpec.Cascade(targets, options);
      case WEIGHTED -> new RouteSpec.Weighted(targets, options);
      case LATENCY -> new RouteSpec.Latency(targets, options);
      case COST -> {
        Double least = model.minQuality();
        yield new RouteSpec.Cost(targets, least == null ? 0 : least, options);
      }
      case COMPLEXITY ->
          new RouteSpec.Complexity(
              targets,
              model.strong() == null ? Double.NaN : model.strong().value(),
              router("models." + name + ".router", model.router()),
              options);
      case RULES -> new RouteSpec.Rules(rules(name, model), options);
    };
  }

  /** Returns why this process cannot use a router, or null. */
  public static @Nullable String misfit(Router router) {
    int length = router.embeddingLength();
    return length == 0 || length == TextEmbedder.DIMENSIONS
        ? null
        : "weights for an embedding of %d numbers (expected: %d, as the embedder here makes them; calibrate again)"
            .formatted(length, TextEmbedder.DIMENSIONS);
  }

  private Router router(String path, RouterFile file) {
    String problem = misfit(file.router());
    if (problem != null) {
      problems.add(new Problem(path, file + ": " + problem));
    }
    return file.router();
  }

  private List<RouteSpec.Rule> rules(String name, ModelConfig model) {
    List<RouteSpec.Rule> rules = new ArrayList<>();
    int i = 0;
    for (RuleConfig rule : model.rules()) {
      String path = "models." + name + ".rules[" + i++ + "].if";
      Condition when = condition(path, rule.condition(), Conditions.Kind.REQUEST);
      rules.add(new RouteSpec.Rule(when, TargetSpec.of(rule.use())));
    }
    return rules;
  }

  private Condition condition(String path, @Nullable String text, Conditions.Kind kind) {
    if (text == null || text.isBlank()) {
      return Condition.ALWAYS;
    }
    try {
      return conditions.compile(text, kind);
    } catch (ConditionException e) {
      problems.add(new Problem(path, text + " (expected: " + e.getMessage() + ")"));
      return Condition.ALWAYS;
    }
  }

  private TargetSpec target(String path, TargetConfig config) {
    TargetSpec spec =
        TargetSpec.of(config.model())
            .weight(config.weight())
            .body(tree(config.set()), tree(config.defaults()));
    Integer retries = config.retries();
    spec = retries == null ? spec : spec.retries(retries);
    Double upto = config.upto();
    spec = upto == null ? spec : spec.upto(upto);
    Double quality = config.quality();
    spec = quality == null ? spec : spec.quality(quality);
    String accept = config.accept();
    return accept == null
        ? spec
        : spec.accept(
            condition(path + ".accept", accept, Conditions.Kind.RESPONSE),
            config.stream() == Word.CascadeStream.OPTIMISTIC);
  }

  private static Map<String, Object> tree(Map<String, Json> values) {
    Map<String, Object> tree = new HashMap<>();
    values.forEach((name, json) -> {
      try {
        tree.put(name, MAPPER.readTree(json.text()));
      } catch (JsonProcessingException e) {
        throw new IllegalStateException("the configuration's own JSON is not JSON", e);
      }
    });
    return tree;
  }

  private static RouteOptions options(ModelConfig model) {
    return new RouteOptions(
        new HashSet<>(model.fallbackOn()),
        nanos(model.firstToken()),
        nanos(model.hold()),
        RouteOptions.Resume.valueOf(model.resume().name()),
        model.ceiling() == null ? 0 : model.ceiling().nanos(),
        sticky(model.sticky()),
        hedge(model.hedge()),
        model.baseline(),
        model.onUnsupported() == Word.OnUnsupported.DROP,
        shadow(model.shadow()),
        model.promptCache() == Word.PromptCache.AUTO);
  }

  private static RouteOptions.@Nullable Shadow shadow(@Nullable ShadowConfig config) {
    return config == null ? null : new RouteOptions.Shadow(config.model(), config.share().value());
  }

  private static RouteOptions.@Nullable Hedge hedge(@Nullable HedgeConfig config) {
    if (config == null) {
      return null;
    }
    long after = config.after() instanceof HedgeDelay.Fixed(Duration delay) ? delay.toNanos() : 0;
    return new RouteOptions.Hedge(after, config.budget().value());
  }

  private static long nanos(@Nullable Duration duration) {
    return duration == null ? 0 : duration.toNanos();
  }

  private static RouteOptions.@Nullable Sticky sticky(@Nullable StickyConfig config) {
    return config == null
        ? null
        : new RouteOptions.Sticky(
            RouteOptions.StickyBy.valueOf(config.by().name()), nanos(config.period()));
  }
}

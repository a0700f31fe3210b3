package io.penstock.server.snapshot;

import io.penstock.budget.BudgetPlan;
import io.penstock.budget.BudgetSpec;
import io.penstock.budget.Limit;
import io.penstock.budget.Over;
import io.penstock.budget.RateSpec;
import io.penstock.budget.Window;
import io.penstock.core.route.RouteOptions;
import io.penstock.core.rule.Condition;
import io.penstock.core.rule.ConditionException;
import io.penstock.core.rule.Conditions;
import io.penstock.server.config.BudgetConfig;
import io.penstock.server.config.Config;
import io.penstock.server.config.ProviderConfig;
import io.penstock.server.config.ProviderRatesConfig;
import io.penstock.server.config.RateConfig;
import io.penstock.server.config.ShadowConfig;
import io.penstock.server.config.value.Share;
import io.penstock.server.config.value.Word;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Budgets and rates of a configuration as the budget module has them. */
public final class BudgetMapping {
  private final Conditions conditions;
  private final List<String> problems = new ArrayList<>();

  /** Creates one, which compiles with those. */
  public BudgetMapping(Conditions conditions) {
    this.conditions = conditions;
  }

  /**
   * Returns the plan.
   *
   * @throws IllegalArgumentException with every problem, one a line
   */
  public BudgetPlan plan(Config config) {
    List<BudgetSpec> budgets = new ArrayList<>();
    for (BudgetConfig budget : config.budgets()) {
      budgets.add(budget(budget, config.timezone()));
    }
    config
        .models()
        .forEach((name, model) -> {
          ShadowConfig shadow = model.shadow();
          if (shadow != null) {
            budgets.add(shadow(name, shadow, config.timezone()));
          }
        });
    List<RateSpec> rates = new ArrayList<>();
    for (RateConfig rate : config.rates()) {
      rates.add(rate(rate));
    }
    config.providers().forEach((name, provider) -> provider(name, provider, rates));
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", problems));
    }
    return BudgetPlan.compile(budgets, rates);
  }

  private BudgetSpec budget(BudgetConfig config, ZoneId zone) {
    String path = "budgets." + config.name();
    ZoneId own = config.timezone();
    List<BudgetSpec.OverrideLimit> overrides = new ArrayList<>();
    for (BudgetConfig.OverrideConfig override : config.overrides()) {
      overrides.add(
          new BudgetSpec.OverrideLimit(
              condition(path + ".overrides", override.when()), limit(override.limit())));
    }
    return new BudgetSpec(
        config.name(),
        condition(path + ".when", config.when()),
        config.per(),
        limit(config.limit()),
        new Window(Window.Every.valueOf(config.every().name()), own == null ? zone : own),
        overrides,
        alerts(config),
        over(config.over()),
        "");
  }

  /** One that only warns has to tell somebody. */
  private static List<Integer> alerts(BudgetConfig config) {
    List<Integer> told = config.alerts().stream().map(BudgetMapping::percent).toList();
    return told.isEmpty() && over(config.over()) instanceof Over.Warn ? List.of(100) : told;
  }

  /** A shadow's own budget: no call of a client is charged to it. */
  private static BudgetSpec shadow(String route, ShadowConfig config, ZoneId zone) {
    String name = RouteOptions.Shadow.budgetOf(route);
    return new BudgetSpec(
        name,
        Condition.ALWAYS,
        List.of(),
        Limit.usd(config.budget().nanos()),
        new Window(Window.Every.valueOf(config.every().name()), zone),
        List.of(),
        List.of(),
        Over.DENY,
        name);
  }

  private static int percent(Share share) {
    return share.ratio().movePointRight(2).intValueExact();
  }

  private static Limit limit(io.penstock.server.config.value.Limit limit) {
    return switch (limit) {
      case io.penstock.server.config.value.Limit.Money money -> Limit.usd(money.nanos());
      case io.penstock.server.config.value.Limit.Tokens tokens -> Limit.tokens(tokens.count());
    };
  }

  private static Over over(BudgetConfig.OverConfig config) {
    return switch (config.action()) {
      case DENY -> Over.DENY;
      case WARN -> Over.WARN;
      case USE ->
          new Over.Use(
              String.valueOf(config.use()), config.denyAt() == null ? 0 : percent(config.denyAt()));
    };
  }

  private RateSpec rate(RateConfig config) {
    return new RateSpec(
        config.name(),
        condition("rates." + config.name() + ".when", config.when()),
        config.per(),
        config.requests() == null ? 0 : config.requests(),
        config.tokens() == null ? 0 : config.tokens(),
        window(config.every()),
        config.concurrent() == null ? 0 : config.concurrent());
  }

  /** What a provider allows is a rate of its own: beyond it the route goes on. */
  private void provider(String name, ProviderConfig config, List<RateSpec> rates) {
    Condition mine = condition("providers." + name, "provider == \"" + name + "\"");
    ProviderRatesConfig limits = config.rates();
    if (limits != null) {
      rates.add(
          new RateSpec(
              "provider " + name,
              mine,
              List.of("provider"),
              limits.requests() == null ? 0 : limits.requests(),
              limits.tokens() == null ? 0 : limits.tokens(),
              window(limits.every()),
              0));
    }
    Integer concurrency = config.concurrency();
    if (concurrency != null) {
      rates.add(
          new RateSpec(
              "concurrency of " + name,
              mine,
              List.of("model"),
              0,
              0,
              Duration.ofMinutes(1),
              concurrency));
    }
  }

  private static Duration window(Word.RateWindow every) {
    return switch (every) {
      case SECOND -> Duration.ofSeconds(1);
      case MINUTE -> Duration.ofMinutes(1);
      case HOUR -> Duration.ofHours(1);
      case DAY -> Duration.ofDays(1);
    };
  }

  private Condition condition(String path, @Nullable String text) {
    if (text == null || text.isBlank()) {
      return Condition.ALWAYS;
    }
    try {
      return conditions.compile(text, Conditions.Kind.REQUEST);
    } catch (ConditionException e) {
      problems.add(path + ": " + text + " (expected: " + e.getMessage() + ")");
      return Condition.ALWAYS;
    }
  }
}

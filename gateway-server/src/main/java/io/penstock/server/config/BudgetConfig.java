package io.penstock.server.config;

import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Meaning;
import io.penstock.server.config.schema.Rule;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.schema.Shorthand;
import io.penstock.server.config.value.InvalidValue;
import io.penstock.server.config.value.Limit;
import io.penstock.server.config.value.Share;
import io.penstock.server.config.value.Word;
import java.time.ZoneId;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A limit on spend. */
public record BudgetConfig(
    @Setting("What answers and reports call it.") String name,
    @Setting(value = "Which calls it is for (CEL); all when left out.", meaning = Meaning.CONDITION)
        @Nullable String when,
    @Setting(
            value =
                "One counter each: team app user end_user key model provider session metadata.NAME;"
                    + " one for all when left out.",
            oneOrMany = true,
            rule = Rule.PER)
        List<String> per,
    @Setting(value = "Money such as 10 USD, or 2M tokens.", positive = true) Limit limit,
    @Setting("The window.") @Default("month") Word.Window every,
    @Setting("The window's time zone; the process's when left out.") @Nullable ZoneId timezone,
    @Setting(value = "Shares at which someone is told.", rule = Rule.ALERTS) List<Share> alerts,
    @Setting("Other limits; the first whose condition holds.") List<OverrideConfig> overrides,
    @Setting("What happens beyond it.") OverConfig over) {

  /** Checks that all limits are of one kind. */
  public BudgetConfig {
    per = List.copyOf(per);
    alerts = List.copyOf(alerts);
    overrides = List.copyOf(overrides);
    for (OverrideConfig override : overrides) {
      if (override.limit().getClass() != limit.getClass()) {
        throw new InvalidValue(
            "overrides", override.limit().toString(), "the same unit as limit: " + limit);
      }
    }
  }

  /** Another limit for some calls. */
  public record OverrideConfig(
      @Setting(value = "The condition (CEL).", meaning = Meaning.CONDITION) String when,
      @Setting(value = "The limit there.", positive = true) Limit limit) {}

  /** What happens beyond a budget. */
  @Shorthand("action")
  public record OverConfig(
      @Setting("deny, warn, or use when a model is named.") Word.@Nullable OverAction action,
      @Setting(value = "The model that is asked instead; still counted.", meaning = Meaning.MODEL)
          @Nullable String use,
      @Setting(value = "The share at which even that ends.", rule = Rule.DENY_AT)
          @Nullable Share denyAt) {

    /** Fills in the action. */
    public OverConfig {
      if (action == null) {
        action = use == null ? Word.OverAction.DENY : Word.OverAction.USE;
      }
      if ((action == Word.OverAction.USE) != (use != null)) {
        throw new InvalidValue(
            "use",
            use == null ? "(none)" : use,
            "a model, with action use alone: over: { use: MODEL }");
      }
      if (denyAt != null && use == null) {
        throw new InvalidValue(
            "deny_at", denyAt.toString(), "none without `use`: nothing is asked beyond the limit");
      }
    }

    /** Returns the action, never null: the default has been filled in. */
    @Override
    public Word.OverAction action() {
      return Objects.requireNonNull(action);
    }
  }
}

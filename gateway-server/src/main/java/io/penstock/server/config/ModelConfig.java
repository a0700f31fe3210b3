package io.penstock.server.config;

import static io.penstock.server.config.value.Word.Strategy.PLAIN;
import static io.penstock.server.config.value.Word.Strategy.PRIORITY;
import static io.penstock.server.config.value.Word.Strategy.RULES;

import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Meaning;
import io.penstock.server.config.schema.Rule;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.schema.Shorthand;
import io.penstock.server.config.value.Limit;
import io.penstock.server.config.value.RouterFile;
import io.penstock.server.config.value.Share;
import io.penstock.server.config.value.Word;
import io.penstock.server.config.value.Word.Strategy;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A name that clients may ask for, and how it is answered. */
@Shorthand("targets")
public record ModelConfig(
    @Setting("How it chooses; plain for one target, priority for several, when left out.")
        Word.@Nullable Strategy strategy,
    @Setting(value = "provider/model or another name here.", oneOrMany = true)
        List<TargetConfig> targets,
    @Setting("Conditions in order, for the strategy `rules`.") List<RuleConfig> rules,
    @Setting(
            value =
                "What makes it go on to the next target: a status, 5xx, timeout, context_length.",
            rule = Rule.FALLBACK_ON)
        @Default("[429, 5xx, timeout, context_length]")
        List<String> fallbackOn,
    @Setting(value = "No first token by then: next target.", positive = true)
        @Nullable Duration firstToken,
    @Setting("How long response headers wait for the first content.") @Default("10s") Duration hold,
    @Setting("How a cut stream goes on.") @Default("off") Word.Resume resume,
    @Setting(value = "The most that one request may cost on a target.", positive = true)
        Limit.@Nullable Money ceiling,
    @Setting(value = "What routing savings are measured against.", meaning = Meaning.MODEL)
        @Nullable String baseline,
    @Setting("What a request field does that the target cannot take.") @Default("refuse")
        Word.OnUnsupported onUnsupported,
    @Setting("What keeps a target.") @Nullable StickyConfig sticky,
    @Setting("A second attempt when the first is slow; its loser is billed.")
        @Nullable HedgeConfig hedge,
    @Setting(value = "The least quality, for the strategy `cost`.", rule = Rule.UNIT)
        @Nullable Double minQuality,
    @Setting("The share that goes to the strong model, instead of thresholds.")
        @Nullable Share strong,
    @Setting(
            "What judges prompts for the strategy `complexity`: `shipped`, or a file made by"
                + " calibrate.")
        @Default("shipped")
        RouterFile router,
    @Setting("Whether cache breakpoints are added.") @Default("off") Word.PromptCache promptCache,
    @Setting("A model that is asked as well and never served.") @Nullable ShadowConfig shadow) {

  /** Fills in the strategy and checks what it needs. */
  public ModelConfig {
    targets = List.copyOf(targets);
    rules = List.copyOf(rules);
    fallbackOn = List.copyOf(fallbackOn);
    if (strategy == null) {
      strategy = !rules.isEmpty() ? RULES : targets.size() == 1 ? PLAIN : PRIORITY;
    }
    ModelChecks.check(strategy, targets, rules, strong);
    ModelChecks.check(strategy, router);
  }

  /** Returns the strategy, never null: the default has been filled in. */
  @Override
  public Strategy strategy() {
    return Objects.requireNonNull(strategy);
  }
}

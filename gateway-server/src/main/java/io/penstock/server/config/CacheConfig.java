package io.penstock.server.config;

import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Meaning;
import io.penstock.server.config.schema.Rule;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.value.InvalidValue;
import io.penstock.server.config.value.SecretUrl;
import io.penstock.server.config.value.Share;
import io.penstock.server.config.value.Size;
import io.penstock.server.config.value.Values;
import io.penstock.server.config.value.Word;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Answers that are served again. */
public record CacheConfig(
    @Setting(
            value = "Same question, to the byte; the first rule whose `when` holds.",
            oneOrMany = true)
        List<ExactConfig> exact,
    @Setting(value = "Same meaning; the first rule whose `when` holds.", oneOrMany = true)
        List<SemanticConfig> semantic,
    @Setting("Whether identical calls in flight wait for one.") @Default("false")
        boolean singleflight,
    @Setting(
            value = "Its own Redis; that of `state` when left out.",
            oneOrMany = true,
            rule = Rule.REDIS)
        List<SecretUrl> redis) {

  /** Copies. */
  public CacheConfig {
    exact = List.copyOf(exact);
    semantic = List.copyOf(semantic);
    redis = List.copyOf(redis);
  }

  /** A rule of the exact layer. */
  public record ExactConfig(
      @Setting(
              value = "Which calls it is for (CEL); all when left out.",
              meaning = Meaning.CONDITION)
          @Nullable String when,
      @Setting(value = "How old an answer may be.", positive = true) @Default("1h") Duration ttl,
      @Setting("Within whose calls it may be served again.") @Default("team") Word.CacheScope scope,
      @Setting(value = "What the process keeps of it.", positive = true) @Default("256MiB")
          Size maxBytes) {}

  /** A rule of the semantic layer. */
  public record SemanticConfig(
      @Setting(
              value = "Which calls it is for (CEL); all when left out.",
              meaning = Meaning.CONDITION)
          @Nullable String when,
      @Setting(value = "How old an answer may be.", positive = true) @Default("6h") Duration ttl,
      @Setting("Within whose calls it may be served again.") @Default("team") Word.CacheScope scope,
      @Setting(value = "`builtin`, or provider/model.", meaning = Meaning.EMBEDDER)
          @Default("builtin")
          String embedder,
      @Setting(
              value =
                  "Share of served hits that may be wrong; 1% when no threshold is given either.",
              rule = Rule.SOME)
          @Nullable Share maxFalseHits,
      @Setting("A fixed similarity instead, 0 to 1.") @Nullable Double threshold,
      @Setting(
              value = "Share of hits that are asked upstream too, to measure it.",
              rule = Rule.PART)
          @Default("2%")
          Share verify,
      @Setting("Whether hits are served; false: measured only.") @Default("true") boolean serve,
      @Setting(
              value = "Which answers are stored (CEL); all sound ones when left out.",
              meaning = Meaning.ANSWER_CONDITION)
          @Nullable String storeIf) {

    /** Checks that one of the two thresholds is given. */
    public SemanticConfig {
      if (maxFalseHits != null && threshold != null) {
        throw new InvalidValue("threshold", threshold.toString(), "none beside max_false_hits");
      }
      if (maxFalseHits == null && threshold == null) {
        maxFalseHits = new Share(new BigDecimal("0.01"));
      }
      Values.requireUnit("threshold", threshold);
    }
  }
}

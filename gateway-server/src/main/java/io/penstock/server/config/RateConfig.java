package io.penstock.server.config;

import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Meaning;
import io.penstock.server.config.schema.Rule;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.value.InvalidValue;
import io.penstock.server.config.value.Word;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A limit on requests, tokens or concurrency. */
public record RateConfig(
    @Setting("What answers call it.") String name,
    @Setting(value = "Which calls it is for (CEL); all when left out.", meaning = Meaning.CONDITION)
        @Nullable String when,
    @Setting(value = "One counter each, as of a budget.", oneOrMany = true, rule = Rule.PER)
        List<String> per,
    @Setting(value = "Requests in a window.", positive = true, rule = Rule.RATE)
        @Nullable Long requests,
    @Setting(value = "Tokens in a window.", positive = true, rule = Rule.RATE)
        @Nullable Long tokens,
    @Setting("The window.") @Default("minute") Word.RateWindow every,
    @Setting(value = "Requests at once.", positive = true) @Nullable Integer concurrent) {

  /** Checks that something is limited. */
  public RateConfig {
    per = List.copyOf(per);
    if (requests == null && tokens == null && concurrent == null) {
      throw new InvalidValue("", "no limit", "requests, tokens or concurrent");
    }
  }
}

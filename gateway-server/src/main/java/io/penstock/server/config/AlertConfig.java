package io.penstock.server.config;

import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Rule;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.value.Secret;
import io.penstock.server.config.value.SecretUrl;
import io.penstock.server.config.value.Word;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Someone who is told. */
public record AlertConfig(
    @Setting(
            value = "Where alerts are posted, as JSON that Slack understands.",
            rule = Rule.WEBHOOK)
        SecretUrl webhook,
    @Setting("What is told; everything when left out.")
        @Default("[budget, breaker, unpriced, fallback_spend]")
        List<Word.AlertKind> on,
    @Setting("Signs the posts (HMAC-SHA256).") @Nullable Secret secret) {

  /** Copies. */
  public AlertConfig {
    on = List.copyOf(on);
  }
}

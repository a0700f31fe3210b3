package io.penstock.server.config;

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

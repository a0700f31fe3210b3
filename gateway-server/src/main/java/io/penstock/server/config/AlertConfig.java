package io.penstock.server.config;

import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Someone who is told. */
public record AlertConfig(
    @Setting("Where alerts are posted, as JSON that Slack understands.") SecretUrl webhook,
    @Setting("What is told; everything when left out.")
        @Default("[budget, breaker, unpriced, fallback_spend]")
        List<Word.AlertKind> on,
    @Setting("Signs the posts (HMAC-SHA256).") @Nullable Secret secret) {

  /**
   * Copies; checks that there is somebody at the address, who is asked long after the start. An
   * empty one, as of a variable that is not set, is nobody.
   */
  public AlertConfig {
    on = List.copyOf(on);
    if (!webhook.reveal().isBlank() && !isHttp(webhook)) {
      throw new InvalidValue("webhook", Secret.MASK, "https:// or http:// and a host");
    }
  }

  private static boolean isHttp(SecretUrl url) {
    try {
      return (url.scheme().equals("https") || url.scheme().equals("http"))
          && URI.create(url.reveal()).getHost() != null;
    } catch (IllegalArgumentException e) {
      // Not an address at all; its words would quote it.
      return false;
    }
  }
}

package io.penstock.server.call;

import io.penstock.core.FailureKind;
import io.penstock.providers.Failure;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sets keys aside that a provider refuses or holds back. Of one that is refused the log has a line,
 * and one when it works again: clients are told to tell whoever runs the gateway. Stateless.
 */
final class RestingKeys {
  private static final Logger LOG = LoggerFactory.getLogger(RestingKeys.class);
  private static final long SHORTEST_MILLIS = 1000;

  private RestingKeys() {}

  /**
   * An attempt failed.
   *
   * @param key that it used, if any
   * @param now epoch milliseconds
   */
  static void failed(
      ProviderRuntime provider, KeySpread.@Nullable Slot key, Failure failure, long now) {
    if (key == null) {
      return;
    }
    switch (failure.kind()) {
      case CREDENTIALS, QUOTA -> {
        key.rest(now + KeySpread.REFUSED_MILLIS);
        if (key.isNewlyRefused()) {
          LOG.atWarn()
              .addKeyValue("provider", provider.name())
              .addKeyValue("key", key.name())
              .addKeyValue("status", failure.status())
              .log(
                  failure.kind() == FailureKind.QUOTA
                      ? "a provider's account has no money or quota left"
                      : "a provider refuses the gateway's key");
        }
      }
      case RATE_LIMITED -> key.rest(now + Math.max(SHORTEST_MILLIS, failure.retryAfterMillis()));
      default -> {}
    }
  }

  /** An attempt was answered. */
  static void worked(ProviderRuntime provider, KeySpread.@Nullable Slot key) {
    if (key != null && key.isTakenAgain()) {
      LOG.atInfo()
          .addKeyValue("provider", provider.name())
          .addKeyValue("key", key.name())
          .log("a provider takes the gateway's key again");
    }
  }
}

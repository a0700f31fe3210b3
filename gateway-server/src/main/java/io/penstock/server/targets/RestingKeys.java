package io.penstock.server.targets;

import io.penstock.core.FailureKind;
import io.penstock.providers.Failure;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sets keys aside that a provider refuses or holds back, and tells the log of those that it
 * refuses, and of a provider that is elsewhere: clients are told to tell whoever runs the gateway.
 * Stateless.
 */
public final class RestingKeys {
  private static final Logger LOG = LoggerFactory.getLogger(RestingKeys.class);
  private static final long SHORTEST_MILLIS = 1000;

  private static final int MOST_TOLD = 300;

  /** With this a provider also refuses a model to a key that is good for others. */
  private static final int FORBIDDEN = 403;

  private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}\\u2028\\u2029]+");

  private RestingKeys() {}

  /**
   * An attempt failed.
   *
   * @param key that it used, if any
   * @param now epoch milliseconds
   */
  public static void failed(KeySpread.@Nullable Slot key, Failure failure, long now) {
    if (key == null) {
      return;
    }
    switch (failure.kind()) {
      case CREDENTIALS, QUOTA -> key.rest(now + KeySpread.REFUSED_MILLIS);
      case RATE_LIMITED -> key.rest(now + Math.max(SHORTEST_MILLIS, failure.retryAfterMillis()));
      default -> {}
    }
  }

  /**
   * Logs, each once in ten minutes, that a key was refused and in which words, that it may not do
   * what was asked, or that the provider is elsewhere.
   *
   * @param failure without what was sent to the provider
   * @param now epoch milliseconds
   */
  public static void tell(
      ProviderRuntime provider, KeySpread.@Nullable Slot key, Failure failure, long now) {
    if (failure.kind() == FailureKind.REDIRECTED && provider.keys().isRedirectToBeTold(now)) {
      LOG.atWarn()
          .addKeyValue("provider", provider.name())
          .addKeyValue("status", failure.status())
          .addKeyValue("location", failure.message())
          .log("a provider redirects, which is not followed: set its base_url to where it is");
    }
    boolean broke = failure.kind() == FailureKind.QUOTA;
    boolean forbidden = failure.kind() == FailureKind.CREDENTIALS && failure.status() == FORBIDDEN;
    if (key != null
        && (broke || failure.kind() == FailureKind.CREDENTIALS)
        && key.isToBeTold(now, forbidden)) {
      LOG.atWarn()
          .addKeyValue("provider", provider.name())
          .addKeyValue("key", key.name())
          .addKeyValue("status", failure.status())
          .addKeyValue("said", oneLine(failure.message()))
          .log(
              broke
                  ? "a provider's account has no money or quota left"
                  : forbidden
                      ? "a provider forbids what was asked with the gateway's key"
                      : "a provider refuses the gateway's key");
    }
  }

  private static String oneLine(String said) {
    String clipped = said.length() <= MOST_TOLD ? said : said.substring(0, MOST_TOLD) + "...";
    return CONTROL.matcher(clipped).replaceAll(" ");
  }
}

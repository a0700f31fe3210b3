package io.penstock.server.alerts;

import io.penstock.server.config.AlertConfig;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How the posts to one receiver fare.
 *
 * @param receiver its place in the configuration, from 0
 * @param config of which the whole address is never shown, for it may hold a token
 * @param waiting posts that are not taken yet, those under way included
 * @param again those among them that wait for another try
 * @param lastDelivered when one was taken last; null: none was
 * @param lastFailed when a try failed last; null: none did
 * @param problem why it failed, "" when none did
 */
record Delivery(
    int receiver,
    AlertConfig config,
    long delivered,
    int waiting,
    int again,
    Map<Undelivered, Long> undelivered,
    @Nullable Instant lastDelivered,
    @Nullable Instant lastFailed,
    String problem) {

  /** Returns it as the admin port shows it. */
  Map<String, @Nullable Object> json() {
    Map<String, Long> lost = new LinkedHashMap<>();
    undelivered.forEach((why, count) -> lost.put(word(why), count));
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("receiver", receiver);
    json.put("webhook", config.webhook().toString());
    json.put("on", config.on().stream().map(Delivery::word).toList());
    json.put("delivered", delivered);
    json.put("waiting", waiting);
    json.put("again", again);
    json.put("undelivered", lost);
    json.put("last_delivered", lastDelivered == null ? null : lastDelivered.toString());
    json.put("last_failed", lastFailed == null ? null : lastFailed.toString());
    json.put("last_problem", problem);
    return json;
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}

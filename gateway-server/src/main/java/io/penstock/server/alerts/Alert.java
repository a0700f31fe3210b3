package io.penstock.server.alerts;

import io.penstock.budget.BudgetAlert;
import io.penstock.core.price.NanoUsd;
import io.penstock.server.config.value.Word;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/**
 * Something that someone is told. Posted at least once: a receiver that must not act twice looks at
 * the id.
 *
 * @param text one line for people
 * @param facts the same for programs
 */
public record Alert(
    UUID id, Word.AlertKind kind, Instant at, String text, Map<String, String> facts) {

  /** A budget has passed a threshold. */
  static Alert of(BudgetAlert alert) {
    String subject = alert.counter().subject();
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("budget", alert.counter().budget());
    facts.put("subject", subject);
    facts.put("percent", Integer.toString(alert.percent()));
    facts.put("spent", alert.limit().show(alert.spent()));
    facts.put("limit", alert.limit().show(alert.limit().amount()));
    facts.put("since", Instant.ofEpochMilli(alert.counter().windowStart()).toString());
    if (alert.counter().windowEnd() != Long.MAX_VALUE) {
      facts.put("resets", Instant.ofEpochMilli(alert.counter().windowEnd()).toString());
    }
    String text =
        "Budget %s%s has passed %d%%: %s of %s spent"
            .formatted(
                alert.counter().budget(),
                subject.isEmpty() ? "" : " of " + subject,
                alert.percent(),
                facts.get("spent"),
                facts.get("limit"));
    if (alert.perHour() > 0) {
      facts.put("per_hour", alert.limit().show(alert.perHour()));
      text += ", " + facts.get("per_hour") + " an hour since the window began";
    }
    if (alert.endsAtMillis() != Long.MAX_VALUE) {
      facts.put("reaches_limit_at", Instant.ofEpochMilli(alert.endsAtMillis()).toString());
      text += ", used up at " + facts.get("reaches_limit_at") + " at this pace";
    }
    return new Alert(
        alert.id(),
        Word.AlertKind.BUDGET,
        Instant.ofEpochMilli(alert.atMillis()),
        text + ".",
        facts);
  }

  /** A target is configured whose price nobody knows. */
  static Alert unpriced(String target, Instant at) {
    return new Alert(
        UUID.nameUUIDFromBytes(("unpriced " + target).getBytes(StandardCharsets.UTF_8)),
        Word.AlertKind.UNPRICED,
        at,
        "No price is known for " + target + "; prices.unknown says what becomes of its calls.",
        Map.of("target", target));
  }

  /** A target's breaker has opened. */
  static Alert breaker(String target, long hour, Instant at) {
    return new Alert(
        idOf("breaker", target, hour),
        Word.AlertKind.BREAKER,
        at,
        "The breaker of "
            + target
            + " has opened: it keeps failing. Its calls go to other targets of their models, if"
            + " there are any, until one that tries it succeeds.",
        Map.of("target", target));
  }

  /** Much of what a model costs goes to targets that are asked because others failed. */
  static Alert fallbackSpend(FallbackSpend.Hour spend, Instant at) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("model", spend.model());
    facts.put("target", spend.target());
    facts.put("reason", spend.reason());
    facts.put("fallback_usd", NanoUsd.format(spend.fallbackNanos()));
    facts.put("total_usd", NanoUsd.format(spend.totalNanos()));
    facts.put("percent", Long.toString(Math.round(100 * spend.share())));
    return new Alert(
        idOf("fallback_spend", spend.model(), spend.hour()),
        Word.AlertKind.FALLBACK_SPEND,
        at,
        "Fallbacks of the model %s have cost %s USD this hour, %s%% of its %s USD; the last went to %s (%s)."
            .formatted(
                spend.model(),
                facts.get("fallback_usd"),
                facts.get("percent"),
                facts.get("total_usd"),
                spend.target(),
                spend.reason()),
        facts);
  }

  /** The same subject in the same hour has the same id in every replica. */
  private static UUID idOf(String kind, String subject, long hour) {
    return UUID.nameUUIDFromBytes(
        (kind + ' ' + subject + ' ' + hour).getBytes(StandardCharsets.UTF_8));
  }

  /** Returns what is posted: {@code text} is what Slack shows. */
  public Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("text", escaped(text));
    json.put("id", id.toString());
    json.put("kind", kind.name().toLowerCase(Locale.ROOT));
    json.put("at", at.toString());
    json.putAll(facts);
    return json;
  }

  /**
   * Names in it may be a client's words, and Slack takes what stands between angle brackets for a
   * link or a call to everybody (api.slack.com/reference/surfaces/formatting#escaping).
   */
  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}

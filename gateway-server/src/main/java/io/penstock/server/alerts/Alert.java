package io.penstock.server.alerts;

import io.penstock.budget.BudgetAlert;
import io.penstock.server.config.Word;
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
      text += ", " + facts.get("per_hour") + " an hour";
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

  /** Returns what is posted: {@code text} is what Slack shows. */
  public Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("text", text);
    json.put("id", id.toString());
    json.put("kind", kind.name().toLowerCase(Locale.ROOT));
    json.put("at", at.toString());
    json.putAll(facts);
    return json;
  }
}

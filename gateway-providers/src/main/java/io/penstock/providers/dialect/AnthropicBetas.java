package io.penstock.providers.dialect;

import io.penstock.providers.ProviderCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Which beta features of a client go upstream. Those that change the price or keep state at the
 * provider need the target's option {@code betas}: a comma list of names, or {@code *}.
 *
 * @param allowed names to send
 * @param refused names left out, as {@code anthropic-beta: NAME}
 */
record AnthropicBetas(List<String> allowed, List<String> refused) {
  /** Families known to change neither price nor state; a beta is a family and a date. */
  private static final Set<String> HARMLESS =
      Set.of(
          "claude-code",
          "interleaved-thinking",
          "context-management",
          "per-turn-control",
          "mid-conversation-tool-changes",
          "mid-conversation-system",
          "thinking-token-count",
          "advanced-tool-use",
          "effort",
          "prompt-caching",
          "prompt-caching-scope",
          "extended-cache-ttl",
          "token-counting",
          "token-efficient-tools",
          "fine-grained-tool-streaming",
          "structured-outputs",
          "output-128k",
          "pdfs",
          "tool-examples",
          "computer-use");

  static AnthropicBetas of(ProviderCall call) {
    String sent = call.headers().get("anthropic-beta");
    if (sent == null || sent.isBlank()) {
      return new AnthropicBetas(List.of(), List.of());
    }
    String granted = call.target().options().getOrDefault("betas", "");
    List<String> grants = names(granted);
    List<String> allowed = new ArrayList<>();
    List<String> refused = new ArrayList<>();
    for (String beta : names(sent)) {
      boolean ok = granted.equals("*") || grants.contains(beta) || HARMLESS.contains(family(beta));
      if (ok) {
        allowed.add(beta);
      } else {
        refused.add("anthropic-beta: " + beta);
      }
    }
    return new AnthropicBetas(allowed, refused);
  }

  private static List<String> names(String list) {
    List<String> names = new ArrayList<>();
    for (String name : list.split(",", -1)) {
      if (!name.isBlank()) {
        names.add(name.strip());
      }
    }
    return names;
  }

  /** Returns the name without its date. */
  private static String family(String beta) {
    int date = beta.length() - "-2025-01-01".length();
    boolean dated =
        date > 0 && beta.charAt(date) == '-' && Character.isDigit(beta.charAt(date + 1));
    return dated ? beta.substring(0, date) : beta;
  }
}

package io.penstock.server.config.load;

import io.penstock.core.Dialect;
import io.penstock.server.config.ProviderConfig;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Knows by an address what a provider there is asked, and what cannot be meant. Stateless. */
final class Addresses {
  /** What a dialect puts behind the address first, and how addresses end that have it already. */
  private record Appended(String path, Pattern end) {
    static Appended of(String path, String end) {
      return new Appended(path, Pattern.compile(".*" + end));
    }
  }

  private static final Map<Dialect, List<Appended>> APPENDED =
      Map.of(
          Dialect.OPENAI,
          List.of(
              Appended.of("/chat/completions", "/chat/completions"),
              Appended.of("/completions", "/completions"),
              Appended.of("/embeddings", "/embeddings"),
              Appended.of("/responses", "/responses")),
          Dialect.ANTHROPIC,
          List.of(Appended.of("/v1/messages", "/v1(/messages)?")),
          Dialect.GEMINI,
          List.of(Appended.of("/v1beta/models", "/v1(beta|alpha)?(/models)?")),
          Dialect.AZURE,
          List.of(Appended.of("/openai/v1", "/openai/(v1|deployments/.*)")),
          Dialect.COHERE,
          List.of(Appended.of("/v2/chat", "/v[12](/chat)?")),
          Dialect.VERTEX,
          List.of(Appended.of("/v1/projects", "/v1(beta1)?(/projects.*)?")),
          Dialect.BEDROCK,
          List.of(Appended.of("/model", "/model(/.*)?")));

  /** Where an OpenAI-compatible service answers at its host, which alone is a 404. */
  private static final Map<String, String> BASES =
      Map.of(
          "api.openai.com", "/v1",
          "api.mistral.ai", "/v1",
          "api.groq.com", "/openai/v1",
          "api.together.xyz", "/v1",
          "api.x.ai", "/v1",
          "api.cerebras.ai", "/v1",
          "openrouter.ai", "/api/v1",
          "api.fireworks.ai", "/inference/v1",
          "generativelanguage.googleapis.com", "/v1beta/openai");

  private static final Set<String> KEYED =
      Set.of("api.anthropic.com", "api.cohere.com", "api.deepseek.com", "api.perplexity.ai");

  private static final Set<Dialect> OWN_ADDRESS =
      Set.of(Dialect.ANTHROPIC, Dialect.GEMINI, Dialect.COHERE);

  private Addresses() {}

  /**
   * Returns what the provider's address should rather be, or null when nothing speaks against it.
   */
  static @Nullable String meant(ProviderConfig provider) {
    URI base = provider.baseUrl();
    if (base == null) {
      return null;
    }
    String path = path(base);
    for (Appended appended : APPENDED.getOrDefault(provider.dialect(), List.of())) {
      if (appended.end().matcher(path).matches()) {
        return "what stands before: the gateway adds " + appended.path() + " itself";
      }
    }
    String host = host(base);
    if (provider.dialect() == Dialect.AZURE && isAzure(host) && path.equals("/openai")) {
      return "what stands before: the gateway adds /openai/v1 itself";
    }
    String needed = provider.dialect() == Dialect.OPENAI ? BASES.get(host) : null;
    boolean lacks =
        needed != null && (path.isEmpty() || (needed.startsWith(path) && !needed.equals(path)));
    return lacks ? base.getScheme() + "://" + host + needed : null;
  }

  /** Returns whether it is a service that answers nobody without a key. */
  static boolean isPublic(ProviderConfig provider) {
    URI base = provider.baseUrl();
    if (base == null) {
      return OWN_ADDRESS.contains(provider.dialect());
    }
    String host = host(base);
    boolean cloud = provider.dialect() == Dialect.AZURE && isAzure(host);
    return cloud || BASES.containsKey(host) || KEYED.contains(host);
  }

  private static boolean isAzure(String host) {
    return host.endsWith(".azure.com");
  }

  private static String host(URI base) {
    return base.getHost().toLowerCase(Locale.ROOT);
  }

  private static String path(URI base) {
    String path = base.getPath() == null ? "" : base.getPath();
    return path.replaceAll("/+$", "");
  }
}

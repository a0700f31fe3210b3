package io.penstock.server.command;

import io.penstock.core.Dialect;
import io.penstock.ledger.focus.FocusOptions;
import io.penstock.ledger.statement.StatementTerms;
import io.penstock.server.config.Config;
import io.penstock.server.config.ProviderConfig;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Who stands behind the configured providers, in the words of FOCUS. */
final class FocusMapping {
  private static final String PLATFORM = "Penstock";

  private FocusMapping() {}

  /**
   * Returns the options of an export.
   *
   * @throws IllegalArgumentException for a version or a view that there is not
   */
  static FocusOptions options(Config config, String version, String view, StatementTerms terms) {
    Map<String, FocusOptions.Provider> providers = new HashMap<>();
    config.providers().forEach((name, provider) -> providers.put(name, provider(name, provider)));
    return new FocusOptions(version(version), view(view), PLATFORM, "default", terms, providers);
  }

  private static FocusOptions.Version version(String text) {
    for (FocusOptions.Version version : FocusOptions.Version.values()) {
      if (version.label().equals(text)) {
        return version;
      }
    }
    throw new IllegalArgumentException("--focus-version: " + text + " (expected: 1.4, 1.3 or 1.2)");
  }

  private static FocusOptions.View view(String text) {
    return Arrays.stream(FocusOptions.View.values())
        .filter(view -> view.label().equals(text))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "--focus-view: " + text + " (expected: provider or chargeback)"));
  }

  /** A host that is not the provider's own is not visible from here: then it is the provider. */
  private static FocusOptions.Provider provider(String name, ProviderConfig config) {
    if (config.free()) {
      return new FocusOptions.Provider(PLATFORM, PLATFORM, name, name, name, name);
    }
    Dialect dialect = config.dialect();
    return switch (dialect) {
      case BEDROCK -> of("Amazon Web Services", "Amazon", "Amazon Bedrock", name);
      case AZURE -> of("Microsoft", "Microsoft", "Azure OpenAI", name);
      case VERTEX -> of("Google Cloud", "Google", "Vertex AI", name);
      case GEMINI -> of("Google Cloud", "Google", "Gemini API", name);
      case ANTHROPIC -> of("Anthropic", "Anthropic", "Anthropic API", name);
      case COHERE -> of("Cohere", "Cohere", "Cohere API", name);
      case OPENAI ->
          config.catalogue() == null || config.catalogue().equals("openai")
              ? openai(name)
              : of(config.catalogue(), config.catalogue(), config.catalogue() + " API", name);
      case DEMO -> of(PLATFORM, PLATFORM, "Demo", name);
    };
  }

  private static FocusOptions.Provider openai(String name) {
    return name.equals("openai")
        ? of("OpenAI", "OpenAI", "OpenAI API", name)
        : of(name, name, name + " API", name);
  }

  private static FocusOptions.Provider of(
      String service, String publisher, String product, String name) {
    return new FocusOptions.Provider(service, service, publisher, product, name, name);
  }
}

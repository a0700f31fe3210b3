package io.penstock.server.config;

import io.penstock.core.Dialect;
import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Rule;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.value.InvalidValue;
import io.penstock.server.config.value.PemFile;
import io.penstock.server.config.value.Secret;
import io.penstock.server.config.value.SecretUrl;
import io.penstock.server.config.value.Values;
import io.penstock.server.config.value.Word;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One provider of models. */
public record ProviderConfig(
    @Setting("The wire format it speaks.") Dialect dialect,
    @Setting("Where it is; the dialect's own address when there is one.") @Nullable URI baseUrl,
    @Setting("The region that conditions see and that AWS and Google addresses need.") @Default("")
        String region,
    @Setting("The account or project, where the dialect needs one (Vertex).") @Default("")
        String project,
    @Setting("The version of the API, where the dialect needs one (Azure).") @Default("")
        String apiVersion,
    @Setting("Deployment names by model, where they differ (Azure).")
        Map<String, String> deployments,
    @Setting("Whether streams are asked for their usage; off where the field is refused (Mistral).")
        @Default("on")
        Word.Switch streamOptions,
    @Setting("Whether it has Responses; off where they are translated to chat completions.")
        @Default("on")
        Word.Switch responses,
    @Setting(
            "Whether it wants the thoughts before its tool calls back as reasoning_content; on"
                + " where calls are refused without them (DeepSeek, Kimi).")
        @Default("off")
        Word.Switch reasoningContent,
    @Setting(
            value = "Beta features to let through beyond the harmless ones; * for all (Claude).",
            oneOrMany = true)
        List<String> betas,
    @Setting(
            value =
                "Fields whose cost is not known, let through: fallbacks, thread, billing_policy,"
                    + " mcp_servers (Claude).",
            oneOrMany = true)
        List<String> allow,
    @Setting("The version that the body names (Claude on Bedrock and Vertex).") @Default("")
        String anthropicVersion,
    @Setting(
            "Whether an answer may be begun by the client where newer models refuse it (Claude), or"
                + " the server goes on with a last assistant message (openai).")
        @Default("false")
        boolean prefill,
    @Setting(
            value = "Its API keys: spread by weight, a dead one (401, 403) is set aside.",
            oneOrMany = true)
        List<ProviderKeyConfig> keys,
    @Setting("Cloud credentials, where a key is not the way in.")
        @Nullable CredentialsConfig credentials,
    @Setting(value = "Headers that every call carries.", rule = Rule.HEADERS)
        Map<String, Secret> headers,
    @Setting("Whose prices; the provider's own name, else its dialect's, when left out.")
        @Nullable String catalogue,
    @Setting("How long each part of a call may take.") TimeoutsConfig timeouts,
    @Setting("How a failed call is tried again.") RetriesConfig retries,
    @Setting("When it is left alone.") BreakerConfig breaker,
    @Setting("The active health check.") @Nullable ProbeConfig probe,
    @Setting("What the provider allows; beyond it the route goes on.")
        @Nullable ProviderRatesConfig rates,
    @Setting(value = "Calls at once; beyond it the route goes on.", positive = true)
        @Nullable Integer concurrency,
    @Setting("Whether its tokens cost nothing, on purpose.") @Default("false") boolean free,
    @Setting("What a call does when its client has gone.") @Default("cancel")
        Word.OnDisconnect onDisconnect,
    @Setting("The HTTP proxy on the way to it, such as http://proxy:3128.")
        @Nullable SecretUrl proxy,
    @Setting("The PEM file of a private CA.") @Nullable PemFile ca) {

  private static final Set<Dialect> NEED_ADDRESS = Set.of(Dialect.OPENAI, Dialect.AZURE);

  /** Checks the address. */
  public ProviderConfig {
    deployments = Values.copy(deployments);
    betas = List.copyOf(betas);
    allow = List.copyOf(allow);
    keys = List.copyOf(keys);
    headers = Values.copy(headers);
    if (baseUrl == null && NEED_ADDRESS.contains(dialect)) {
      throw new InvalidValue("base_url", "(none)", "an address such as https://api.example.com/v1");
    }
    if (dialect == Dialect.BEDROCK && region.isEmpty()) {
      throw new InvalidValue("region", "(none)", "the AWS region that calls are signed for");
    }
  }

  /** Returns the keys that have a value. */
  public List<ProviderKeyConfig> liveKeys() {
    return keys.stream().filter(key -> !key.secret().isEmpty()).toList();
  }

  /**
   * Returns whether calls can be made: false when keys are configured and none has a value, nor are
   * there cloud credentials that are whole, or when there is no project for Vertex. Targets of such
   * a provider are skipped.
   */
  public boolean isUsable() {
    if (dialect == Dialect.VERTEX && project.isEmpty()) {
      return false;
    }
    if (credentials != null && liveKeys().isEmpty()) {
      return dialect != Dialect.AZURE || !credentials.lacksSecret();
    }
    return keys.isEmpty() || !liveKeys().isEmpty();
  }
}

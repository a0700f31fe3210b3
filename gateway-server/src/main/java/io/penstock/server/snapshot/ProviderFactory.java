package io.penstock.server.snapshot;

import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.penstock.core.Dialect;
import io.penstock.core.Ticker;
import io.penstock.core.route.AttemptPolicy;
import io.penstock.core.route.HealthBoard;
import io.penstock.providers.auth.Credential;
import io.penstock.providers.dialect.Providers;
import io.penstock.server.auth.CredentialSource;
import io.penstock.server.auth.FetchedCredential;
import io.penstock.server.config.Config;
import io.penstock.server.config.ProviderConfig;
import io.penstock.server.config.value.PemFile;
import io.penstock.server.config.value.SecretUrl;
import io.penstock.server.config.value.Word;
import io.penstock.server.targets.KeySpread;
import io.penstock.server.targets.ProviderRuntime;
import io.penstock.server.upstream.HttpProxy;
import io.penstock.server.upstream.Origin;
import io.penstock.server.upstream.Timeouts;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntSupplier;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Makes providers ready to be called. One that a reload leaves as it was is handed on, with its
 * connections and what is known of its keys. Confined to the thread that applies configurations.
 */
public final class ProviderFactory implements AutoCloseable {
  private record Made(
      ProviderConfig from, ProviderRuntime runtime, List<FetchedCredential> fetched) {}

  private final Ticker ticker;
  private final IntSupplier demoPort;
  private final CloudCredentials credentials;
  private Map<String, Made> made = Map.of();
  private Map<String, Made> pending = Map.of();

  /**
   * Creates the factory.
   *
   * @param demoPort where the built-in demo provider listens
   */
  public ProviderFactory(Ticker ticker, IntSupplier demoPort, CloudCredentials credentials) {
    this.ticker = ticker;
    this.demoPort = demoPort;
    this.credentials = credentials;
  }

  /**
   * Returns the usable providers by name; nothing runs for them until {@link #applied()}.
   *
   * @throws IOException when a private CA, a credential or a proxy cannot be used: all of them,
   *     with their places, one a line
   */
  public Map<String, ProviderRuntime> make(Map<String, ProviderConfig> configs) throws IOException {
    Map<String, Made> next = new HashMap<>();
    Map<String, ProviderRuntime> usable = new LinkedHashMap<>();
    List<String> problems = new ArrayList<>();
    for (Map.Entry<String, ProviderConfig> entry : configs.entrySet()) {
      ProviderConfig config = entry.getValue();
      if (!config.isUsable()) {
        continue;
      }
      Made known = made.get(entry.getKey());
      try {
        Made now =
            known != null && known.from().equals(config) ? known : make(entry.getKey(), config);
        next.put(entry.getKey(), now);
        usable.put(entry.getKey(), now.runtime());
      } catch (IOException | IllegalArgumentException e) {
        problems.add(String.valueOf(e.getMessage()));
      }
    }
    if (!problems.isEmpty()) {
      throw new IOException(String.join("\n", problems));
    }
    pending = next;
    return usable;
  }

  /**
   * Says that what was made last is in use: its credentials are fetched from now on, those of
   * providers that are gone no more.
   */
  public void applied() {
    Set<FetchedCredential> before = fetched(made);
    made = pending;
    Set<FetchedCredential> now = fetched(made);
    now.stream().filter(one -> !before.contains(one)).forEach(FetchedCredential::start);
    before.stream().filter(one -> !now.contains(one)).forEach(FetchedCredential::close);
  }

  private static Set<FetchedCredential> fetched(Map<String, Made> providers) {
    Set<FetchedCredential> all = new HashSet<>();
    providers.values().forEach(provider -> all.addAll(provider.fetched()));
    return all;
  }

  private Made make(String name, ProviderConfig config) throws IOException {
    List<KeySpread.Weighted> keys = keys(name, config);
    List<FetchedCredential> fetched = new ArrayList<>(1);
    for (KeySpread.Weighted key : keys) {
      if (key.source() instanceof FetchedCredential fetching) {
        fetched.add(fetching);
      }
    }
    return new Made(config, runtime(name, config, new KeySpread(keys, ticker)), fetched);
  }

  private List<KeySpread.Weighted> keys(String name, ProviderConfig config) throws IOException {
    if (config.liveKeys().isEmpty()) {
      CredentialSource source = credentials.source(name, config);
      return source == null ? List.of() : List.of(new KeySpread.Weighted(source, 1));
    }
    return config.liveKeys().stream()
        .map(key ->
            new KeySpread.Weighted(
                CredentialSource.of(new Credential.ApiKey(key.secret().reveal())), key.weight()))
        .toList();
  }

  private static Map<String, String> options(ProviderConfig config) {
    Map<String, String> options = new HashMap<>();
    put(options, "project", config.project());
    put(options, "api_version", config.apiVersion());
    put(options, "anthropic_version", config.anthropicVersion());
    put(options, "betas", String.join(",", config.betas()));
    put(options, "allow", String.join(",", config.allow()));
    put(options, "stream_options", config.streamOptions().isOn() ? "" : "off");
    boolean responses = config.responses().isOn() && config.dialect() != Dialect.DEMO;
    put(options, "responses", responses ? "" : "off");
    put(options, "reasoning_content", config.reasoningContent().isOn() ? "on" : "");
    put(options, "prefill", config.prefill() ? "true" : "");
    config
        .deployments()
        .forEach((model, deployment) -> options.put("deployments." + model, deployment));
    return options;
  }

  private ProviderRuntime runtime(String name, ProviderConfig config, KeySpread keys)
      throws SSLException {
    URI base = base(config);
    boolean tls = "https".equals(base.getScheme());
    int port = base.getPort() >= 0 ? base.getPort() : tls ? 443 : 80;
    String host = base.getHost();
    if (host.startsWith("[")) {
      host = host.substring(1, host.length() - 1);
    }
    String path = base.getRawPath() == null ? "" : base.getRawPath();
    Origin origin =
        new Origin(host, port, tls ? ssl(name, config.ca()) : null, proxy(name, config.proxy()));
    return new ProviderRuntime(
        name,
        config.dialect(),
        Providers.of(config.dialect()),
        origin,
        URI.create(origin + (path.endsWith("/") ? path.substring(0, path.length() - 1) : path)),
        new Timeouts(
            config.timeouts().connect().toMillis(),
            config.timeouts().firstByte().toMillis(),
            config.timeouts().idle().toMillis(),
            config.timeouts().total().toMillis()),
        keys,
        config.region(),
        options(config),
        config.onDisconnect() == Word.OnDisconnect.DRAIN,
        new AttemptPolicy(
            config.retries().attempts(),
            config.retries().backoff().toMillis(),
            config.retries().maxBackoff().toMillis()),
        config.retries().budget().value(),
        config.headers());
  }

  private static void put(Map<String, String> options, String name, String value) {
    if (!value.isEmpty()) {
      options.put(name, value);
    }
  }

  private URI base(ProviderConfig config) {
    URI configured = config.baseUrl();
    if (configured != null) {
      return configured;
    }
    if (config.dialect() == Dialect.DEMO) {
      return URI.create("http://127.0.0.1:" + demoPort.getAsInt() + "/v1");
    }
    return URI.create(
        switch (config.dialect()) {
          case ANTHROPIC -> "https://api.anthropic.com";
          case GEMINI -> "https://generativelanguage.googleapis.com";
          case COHERE -> "https://api.cohere.com";
          case BEDROCK -> "https://bedrock-runtime." + config.region() + ".amazonaws.com";
          case VERTEX -> vertex(config.region());
          default ->
              throw new IllegalStateException(
                  "dialect " + config.dialect() + " without base_url passed the check");
        });
  }

  private static String vertex(String location) {
    boolean global = location.isEmpty() || location.equals("global");
    return "https://" + (global ? "" : location + "-") + "aiplatform.googleapis.com";
  }

  private static SslContext ssl(String name, @Nullable PemFile ca) throws SSLException {
    SslContextBuilder builder =
        SslContextBuilder.forClient()
            .applicationProtocolConfig(ApplicationProtocolConfig.DISABLED)
            .endpointIdentificationAlgorithm("HTTPS");
    if (ca != null) {
      try {
        builder.trustManager(
            new ByteArrayInputStream(ca.text().getBytes(StandardCharsets.ISO_8859_1)));
      } catch (IllegalArgumentException e) {
        throw new SSLException(
            "providers." + name + ".ca: " + ca + " (expected: a file of PEM certificates)", e);
      }
    }
    return builder.build();
  }

  private static @Nullable HttpProxy proxy(String name, @Nullable SecretUrl proxy) {
    if (proxy == null) {
      return null;
    }
    try {
      return HttpProxy.of(proxy.reveal());
    } catch (IllegalArgumentException e) {
      // Not its words: they may quote the password.
      throw new IllegalArgumentException(
          "providers."
              + name
              + ".proxy: "
              + proxy
              + " (expected: http://[user:password@]host:port)");
    }
  }

  /** Returns when the breaker of a provider opens. */
  public static HealthBoard.BreakerSetting breaker(Config config, String provider) {
    ProviderConfig from = config.providers().get(provider);
    if (from == null) {
      return HealthBoard.BreakerSetting.DEFAULT;
    }
    return new HealthBoard.BreakerSetting(
        from.breaker().failures(),
        from.breaker().within().toNanos(),
        from.breaker().open().toNanos());
  }

  /** Stops renewing credentials. */
  @Override
  public void close() {
    credentials.close();
  }
}

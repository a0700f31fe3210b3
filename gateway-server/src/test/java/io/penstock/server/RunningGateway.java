package io.penstock.server;

import io.penstock.core.Ticker;
import io.penstock.core.identity.KeyRing;
import io.penstock.server.config.LoadResult;
import io.penstock.testkit.FakeProvider;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A gateway on free ports in front of one scripted provider, for tests. */
final class RunningGateway implements AutoCloseable {
  static final String KEY = "pk-test";

  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final Gateway gateway;
  private final Path file;

  private RunningGateway(Gateway gateway, Path file) {
    this.gateway = gateway;
    this.file = file;
  }

  /** The configuration of most tests; {@code more} is appended as further top-level keys. */
  static String yaml(Path directory, FakeProvider provider, String more) {
    return """
    listen: 127.0.0.1:0
    admin: { listen: 127.0.0.1:0 }
    limits: { drain: 5s, body: 1MiB }
    ledger: { url: "sqlite:%s" }
    providers:
      fake:
        dialect: openai
        base_url: %s
        keys: [sk-upstream]
        catalogue: openai
        timeouts: { connect: 2s, first_byte: 5s, idle: 2s, total: 20s }
        retries: { attempts: 0 }
    models:
      gpt-4o-mini: fake/gpt-4o-mini
      text-embedding-3-small: fake/text-embedding-3-small
      whisper-1: fake/whisper-1
      nobody-knows: fake/nobody-knows-this-price
      two: { targets: [fake/gpt-4o, fake/gpt-4o-mini] }
      fixed: { targets: [{ model: fake/gpt-4o-mini, set: { temperature: 0 }, default: { top_p: 0.5 } }] }
      "mini-*": fake/gpt-4o-mini
    teams:
      engineering: {}
      support: { models: [gpt-4o-mini], metadata: { tier: pro }, require: [project], deny: [logit_bias] }
    keys:
      - { id: k-test, sha256: "%s", team: engineering, app: tests, user: ada }
      - { id: k-support, sha256: "%s", team: support }
      - { id: k-old, sha256: "%s", team: engineering, expires: 2020-01-01 }
      - { id: k-off, sha256: "%s", team: engineering, disabled: true }
      - { id: k-far, sha256: "%s", team: engineering, allow_from: [10.0.0.0/8] }
    %s
    """
        .formatted(
            directory.resolve("ledger.db"),
            provider.baseUrl(),
            KeyRing.hash(KEY),
            KeyRing.hash("pk-support"),
            KeyRing.hash("pk-old"),
            KeyRing.hash("pk-off"),
            KeyRing.hash("pk-far"),
            more);
  }

  /** The same with providers that may take long: for tests that hold an answer back. */
  static String patient(String yaml) {
    return yaml.replace(
        "first_byte: 5s, idle: 2s, total: 20s", "first_byte: 60s, idle: 60s, total: 120s");
  }

  static RunningGateway start(Path directory, String yaml) {
    return start(directory, yaml, Ticker.system());
  }

  /** Starts a gateway whose breakers, windows and prices go by that clock. */
  static RunningGateway start(Path directory, String yaml, Ticker ticker) {
    try {
      Path file = directory.resolve("penstock.yaml");
      Files.writeString(file, yaml);
      LoadResult result = ConfigOption.loader(Map.of()).load(file);
      if (!(result instanceof LoadResult.Loaded loaded)) {
        throw new AssertionError(result.toString());
      }
      return new RunningGateway(
          Gateway.start(loaded.config(), file, ConfigOption.loader(Map.of())::load, ticker), file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Gateway gateway() {
    return gateway;
  }

  Path file() {
    return file;
  }

  int port() {
    return gateway.port();
  }

  String url() {
    return "http://127.0.0.1:" + gateway.port();
  }

  HttpResponse<String> post(String path, String body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url() + path))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .header("Content-Type", "application/json");
    boolean keyed = false;
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
      keyed |= headers[i].equalsIgnoreCase("authorization");
    }
    if (!keyed) {
      request.header("Authorization", "Bearer " + KEY);
    }
    return send(request.build());
  }

  HttpResponse<String> get(String path) {
    return send(
        HttpRequest.newBuilder(URI.create(url() + path))
            .header("Authorization", "Bearer " + KEY)
            .build());
  }

  /** Asks the admin port; what was recorded before is in the answer. */
  String admin(String path) {
    gateway.flushLedger();
    return send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + gateway.adminPort() + path))
            .build())
        .body();
  }

  /** Asks what would happen to a request of the test's key; {@code headers} is a JSON object. */
  String explain(String endpoint, String body, String headers) {
    String question =
        "{\"key\":\"k-test\",\"endpoint\":\"%s\",\"body\":%s,\"headers\":%s}"
            .formatted(endpoint, body, headers);
    URI uri = URI.create("http://127.0.0.1:" + gateway.adminPort() + "/admin/v1/explain");
    return send(HttpRequest.newBuilder(uri)
            .POST(HttpRequest.BodyPublishers.ofString(question))
            .build())
        .body();
  }

  static HttpResponse<String> send(HttpRequest request) {
    try {
      return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    gateway.close();
  }
}

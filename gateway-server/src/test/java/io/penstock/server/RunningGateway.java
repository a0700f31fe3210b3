package io.penstock.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.Ticker;
import io.penstock.core.identity.KeyRing;
import io.penstock.server.command.ConfigOption;
import io.penstock.server.config.load.LoadResult;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A gateway on free ports in front of one scripted provider, for tests. */
public class RunningGateway implements AutoCloseable {
  static final String KEY = "pk-test";

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private @Nullable Gateway gateway;
  private @Nullable Path file;

  /** One that is still to {@link #begin}. */
  RunningGateway() {}

  /** The configuration of most tests; {@code more} is appended as further top-level keys. */
  public static String yaml(Path directory, FakeProvider provider, String more) {
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

  public static RunningGateway start(Path directory, String yaml) {
    return start(directory, yaml, Ticker.system());
  }

  /** Starts a gateway whose breakers, windows and prices go by that clock. */
  static RunningGateway start(Path directory, String yaml, Ticker ticker) {
    RunningGateway started = new RunningGateway();
    started.begin(directory, yaml, ticker);
    return started;
  }

  /** Starts it, once. */
  final void begin(Path directory, String yaml, Ticker ticker) {
    try {
      Path written = Files.writeString(directory.resolve("penstock.yaml"), yaml);
      file = written;
      LoadResult result = ConfigOption.loader(Map.of()).load(written);
      if (!(result instanceof LoadResult.Loaded loaded)) {
        throw new AssertionError(result.toString());
      }
      gateway =
          Gateway.start(loaded.config(), written, ConfigOption.loader(Map.of())::load, ticker);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Gateway gateway() {
    return Objects.requireNonNull(gateway, "begin() was not called");
  }

  Path file() {
    return Objects.requireNonNull(file, "begin() was not called");
  }

  int port() {
    return gateway().port();
  }

  String url() {
    return "http://127.0.0.1:" + gateway().port();
  }

  public HttpResponse<String> post(String path, String body, String... headers) {
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
    awaitRecorded();
    return send(HttpRequest.newBuilder(adminUri(path)).build()).body();
  }

  /**
   * Waits until all that was answered is in the ledger's database: who asks for the life of a
   * request is told no earlier, also of one that there never was. Who lacks the admin token is not
   * told and does not wait.
   */
  void awaitRecorded(String... headers) {
    HttpRequest.Builder request = HttpRequest.newBuilder(adminUri("/admin/v1/requests/none"));
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    Await.until(
        "all is recorded",
        () -> {
          int status = send(request.build()).statusCode();
          return status == 404 || status == 401;
        });
  }

  URI adminUri(String path) {
    return URI.create("http://127.0.0.1:" + gateway().adminPort() + path);
  }

  /** Asks what would happen to a request of the test's key; {@code headers} is a JSON object. */
  String explain(String endpoint, String body, String headers) {
    String question =
        "{\"key\":\"k-test\",\"endpoint\":\"%s\",\"body\":%s,\"headers\":%s}"
            .formatted(endpoint, body, headers);
    return send(HttpRequest.newBuilder(adminUri("/admin/v1/explain"))
            .POST(HttpRequest.BodyPublishers.ofString(question))
            .build())
        .body();
  }

  /** Returns the rows of the request that was answered; none while it has none. */
  JsonNode rows(HttpResponse<?> answer) {
    return rows(answer.headers().firstValue("x-penstock-request-id").orElse(""));
  }

  /** Returns the rows of a request; none while it has none. */
  JsonNode rows(String requestId) {
    try {
      return MAPPER.readTree(admin("/admin/v1/requests/" + requestId)).path("attempts");
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until no call is under way and nothing is held for one. */
  void awaitRest() {
    Await.until("no call is under way", () -> admin("/metrics").contains("penstock_inflight 0.0"));
    Await.until("nothing is held", this::isNothingHeld);
  }

  /**
   * Waits for the first count of tokens: it loads the encodings, which takes a loaded machine long.
   */
  void awaitCounted() {
    Await.until("counted", Duration.ofMinutes(5), this::isNothingHeld);
  }

  private boolean isNothingHeld() {
    return !admin("/admin/v1/budgets").replace("\"held\":\"0.00 USD\"", "").contains("\"held\"");
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
    gateway().close();
  }
}

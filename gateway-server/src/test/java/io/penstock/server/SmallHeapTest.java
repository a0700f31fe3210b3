package io.penstock.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.penstock.testkit.Await;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** No request and no answer ends the process, with the heap that {@code ./penstock} gives it. */
@Timeout(180)
class SmallHeapTest {
  private static final String SMALL =
      "{\"model\":\"MODEL\",\"max_tokens\":5,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

  private static final String CONFIG =
      """
      listen: 127.0.0.1:0
      admin: { listen: 127.0.0.1:0 }
      ledger: { url: "sqlite:data/ledger.db" }
      providers:
        openai: { dialect: openai, base_url: "URL/v1", keys: [sk-up], breaker: { failures: 1000000 } }
        anthropic: { dialect: anthropic, base_url: "URL", keys: [sk-up] }
        spare: { dialect: openai, base_url: "URL/spare/v1", keys: [sk-up], catalogue: openai }
      models:
        both: { targets: [openai/gpt-4o-mini, spare/gpt-4o-mini] }
        gpt-4o-mini: openai/gpt-4o-mini
        claude: anthropic/claude-sonnet-4-5
      teams:
        t: { models: ["*"] }
      keys:
        - { id: ka, sha256: 1177a8d490811ad8d207609756c3bcccccb519c529fe82bbd7158cd617a25501, team: t }
      """;

  @TempDir private Path directory;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Queue<String> log = new ConcurrentLinkedQueue<>();
  private volatile int answerBytes = 10;
  private volatile int eventBytes;
  private volatile CountDownLatch streams = new CountDownLatch(0);
  private volatile boolean usage = true;
  private final Queue<String> asked = new ConcurrentLinkedQueue<>();
  private HttpServer provider;
  private Process gateway;
  private String url;
  private String adminUrl;

  @BeforeEach
  void start() throws IOException {
    provider = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
    provider.setExecutor(threads);
    provider.createContext(
        "/",
        exchange -> {
          exchange.getRequestBody().transferTo(OutputStream.nullOutputStream());
          if (eventBytes > 0) {
            stream(exchange);
            return;
          }
          asked.add(exchange.getRequestURI().getPath());
          String text = "a".repeat(answerBytes);
          String answer =
              exchange.getRequestURI().getPath().endsWith("/messages")
                  ? "{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude\",\"content\":[{\"type\":\"text\",\"text\":\""
                      + text
                      + "\"}],\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":7,\"output_tokens\":5}}"
                  : "{\"id\":\"c\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\""
                      + text
                      + "\"},\"finish_reason\":\"stop\"}]"
                      + (usage
                          ? ",\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":5,\"total_tokens\":12}}"
                          : "}");
          byte[] bytes = answer.getBytes(StandardCharsets.US_ASCII);
          exchange.getResponseHeaders().set("content-type", "application/json");
          exchange.sendResponseHeaders(200, bytes.length);
          try (OutputStream out = exchange.getResponseBody()) {
            out.write(bytes);
          }
        });
    provider.start();
    Files.writeString(
        directory.resolve("penstock.yaml"),
        CONFIG.replace("URL", "http://127.0.0.1:" + provider.getAddress().getPort()));
    gateway =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@" + Path.of("../config/jvm.options").toRealPath(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                ChaosGateway.class.getName(),
                "penstock.yaml")
            .directory(directory.toFile())
            .redirectError(directory.resolve("errors.log").toFile())
            .start();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(gateway.getInputStream(), StandardCharsets.UTF_8));
    String line = out.readLine();
    while (line != null && !line.startsWith("ready ")) {
      line = out.readLine();
    }
    assertThat(line).as(Files.readString(directory.resolve("errors.log"))).isNotNull();
    url = "http://127.0.0.1:" + line.split(" ")[1];
    adminUrl = "http://127.0.0.1:" + line.split(" ")[2];
    threads.execute(() -> out.lines().forEach(log::add));
  }

  /** One large event, and its end once all of the others are sent or were refused. */
  private void stream(HttpExchange exchange) throws IOException {
    String head =
        "data: {\"id\":\"c\",\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,\"delta\":";
    exchange.getResponseHeaders().set("content-type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    try (OutputStream out = exchange.getResponseBody()) {
      try {
        out.write(
            (head + "{\"content\":\"" + "some words ".repeat(eventBytes / 11)).getBytes(UTF_8));
        out.write("\"}}]}\n\n".getBytes(UTF_8));
        out.flush();
      } finally {
        streams.countDown();
      }
      streams.await(60, TimeUnit.SECONDS);
      out.write((head + "{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n").getBytes(UTF_8));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @AfterEach
  void stop() {
    gateway.destroyForcibly();
    provider.stop(0);
    threads.shutdownNow();
  }

  private static byte[] image(int mib, String model) {
    String head =
        "{\"model\":\""
            + model
            + "\",\"max_tokens\":5,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"x\"},{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,iVBORw0KGgoAAAAN";
    return (head + "A".repeat(mib << 20) + "\"}}]}]}").getBytes(StandardCharsets.US_ASCII);
  }

  private CompletableFuture<HttpResponse<String>> post(String path, byte[] body) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url + path))
            .timeout(Duration.ofSeconds(100))
            .header("authorization", "Bearer pk-a")
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
            .build();
    return http.sendAsync(request, HttpResponse.BodyHandlers.ofString());
  }

  private static byte[] small(String model) {
    return SMALL.replace("MODEL", model).getBytes(StandardCharsets.US_ASCII);
  }

  private void assertServes() throws Exception {
    for (String model : List.of("gpt-4o-mini", "claude")) {
      HttpResponse<String> answer = post("/v1/chat/completions", small(model)).get();
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }
    assertThat(gateway.isAlive()).isTrue();
  }

  /** Every mix of them, and the same again: what was taken is given back. */
  @Test
  void largeImages_splicedAndTranslated_areAnsweredOrRefused_andOthersAreServed() throws Exception {
    for (int round = 0; round < 2; round++) {
      HttpResponse<String> spliced = post("/v1/chat/completions", image(31, "gpt-4o-mini")).get();
      assertThat(spliced.statusCode()).as(spliced.body()).isEqualTo(200);
      assertServes();

      HttpResponse<String> translated = post("/v1/chat/completions", image(22, "claude")).get();
      assertThat(translated.statusCode()).as(translated.body()).isEqualTo(200);

      HttpResponse<String> never = post("/v1/chat/completions", image(31, "claude")).get();
      assertThat(never.statusCode()).as(never.body()).isEqualTo(413);

      List<CompletableFuture<HttpResponse<String>>> both = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        both.add(post("/v1/chat/completions", image(22, i == 2 ? "gpt-4o-mini" : "claude")));
      }
      for (CompletableFuture<HttpResponse<String>> one : both) {
        HttpResponse<String> answer = one.get();
        assertThat(answer.statusCode()).as(answer.body()).isIn(200, 503);
        if (answer.statusCode() == 503) {
          assertThat(answer.body()).contains("overloaded");
          assertThat(answer.headers().firstValue("retry-after")).isPresent();
        }
      }
      assertServes();
    }
  }

  @Test
  void largeAnswer_thatIsTranslated_isAClearErrorOrWhole_andSettled() throws Exception {
    answerBytes = 10 << 20;
    HttpResponse<String> whole = post("/v1/messages", small("gpt-4o-mini")).get();
    assertThat(whole.statusCode()).isEqualTo(200);
    assertThat(whole.body()).hasSizeGreaterThan(10 << 20);

    answerBytes = 30 << 20;
    HttpResponse<String> spliced = post("/v1/chat/completions", small("gpt-4o-mini")).get();
    assertThat(spliced.statusCode()).isEqualTo(200);
    assertThat(spliced.body()).hasSizeGreaterThan(30 << 20);

    for (int i = 0; i < 2; i++) {
      HttpResponse<String> refused = post("/v1/messages", small("gpt-4o-mini")).get();
      assertThat(refused.statusCode()).as(refused.body()).isEqualTo(502);
      assertThat(refused.body().toLowerCase(Locale.ROOT)).contains("too large to be translated");
    }
    HttpResponse<String> other = post("/v1/chat/completions", small("claude")).get();
    assertThat(other.statusCode()).as(other.body()).isEqualTo(502);

    answerBytes = 10;
    assertServes();
    Pattern settled =
        Pattern.compile("\"error\": ?\"upstream_malformed\"[^{}]*\"usage\": ?.\"input\": ?7,");
    Await.until("it is settled by what it told", () -> settled.matcher(rows()).find());
  }

  /**
   * Translated events take more, and what clients have not taken yet is bounded as well: some of
   * these streams end before their time. The process does not.
   */
  @Test
  void largeEvents_thatAreTranslated_doNotEndTheProcess() throws Exception {
    int calls = 30;
    eventBytes = 6_000_000;
    streams = new CountDownLatch(calls);
    byte[] body =
        SMALL
            .replace("MODEL", "gpt-4o-mini")
            .replace("{\"model\"", "{\"stream\":true,\"model\"")
            .getBytes(UTF_8);
    List<CompletableFuture<HttpResponse<String>>> all = new ArrayList<>();
    for (int i = 0; i < calls; i++) {
      all.add(post("/v1/messages", body));
    }
    for (CompletableFuture<HttpResponse<String>> one : all) {
      assertThat(one.handle((answer, broken) -> true).get()).isTrue();
    }
    assertThat(log).noneMatch(line -> line.contains("OutOfMemory"));
    eventBytes = 0;
    assertServes();
  }

  /** All of them at once, and what is kept of each until its end. */
  @Test
  void largeEvents_ofManyStreams_areWholeOrClearErrors_andSettled() throws Exception {
    int calls = 30;
    eventBytes = 6_000_000;
    streams = new CountDownLatch(calls);
    byte[] body =
        SMALL
            .replace("MODEL", "gpt-4o-mini")
            .replace("{\"model\"", "{\"stream\":true,\"model\"")
            .getBytes(UTF_8);
    List<CompletableFuture<HttpResponse<String>>> all = new ArrayList<>();
    for (int i = 0; i < calls; i++) {
      all.add(post("/v1/chat/completions", body));
    }
    int whole = 0;
    for (CompletableFuture<HttpResponse<String>> one : all) {
      HttpResponse<String> answer = one.get();
      if (answer.statusCode() == 200) {
        assertThat(answer.body()).hasSizeGreaterThan(eventBytes);
        whole++;
      } else {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(502);
        assertThat(answer.body()).containsAnyOf("here is no room", "here is no memory now");
      }
    }
    assertThat(whole).isBetween(1, calls - 1);
    assertThat(log).noneMatch(line -> line.contains("OutOfMemory"));
    eventBytes = 0;
    assertServes();
    Pattern counted =
        Pattern.compile(
            "\"error\": ?\"upstream_malformed\"[^{}]*\"usage\": ?.[^}]*\"output\": ?\\d{5}");
    Await.until("what came of an event is counted", () -> counted.matcher(rows()).find());
  }

  /**
   * It is paid, and as large elsewhere: too large to be translated, of which the usage can be read
   * or not, and too large to be collected. Six of them do not open the breaker of who gave them.
   */
  @Test
  void answerTooLarge_isNotAskedForAgain_andBookedOnce() throws Exception {
    for (boolean reported : new boolean[] {true, false, true, false, true}) {
      answerBytes = 30 << 20;
      usage = reported;
      assertTooLarge("/v1/messages", "too large to be translated", reported);
    }
    answerBytes = 60 << 20;
    assertTooLarge("/v1/chat/completions", "no room for the answer", false);

    answerBytes = 10;
    asked.clear();
    assertThat(post("/v1/messages", small("both")).get().statusCode()).isEqualTo(200);
    assertThat(asked).containsExactly("/v1/chat/completions");
  }

  private void assertTooLarge(String path, String why, boolean reported) throws Exception {
    asked.clear();
    HttpResponse<String> refused = post(path, small("both")).get();
    assertThat(asked).containsExactly("/v1/chat/completions");
    assertThat(refused.statusCode()).as(refused.body()).isEqualTo(502);
    assertThat(refused.body()).contains(why, "upstream_malformed").doesNotContain("is malformed");
    assertThat(refused.headers().firstValue("x-should-retry")).hasValue("false");
    String id = refused.headers().firstValue("x-penstock-request-id").orElseThrow();
    Await.until("it is booked", () -> admin("/admin/v1/requests/" + id).contains("usage_source"));
    JsonNode attempts =
        new ObjectMapper().readTree(admin("/admin/v1/requests/" + id)).path("attempts");
    assertThat(attempts).hasSize(1);
    JsonNode row = attempts.path(0);
    assertThat(row.path("usage_source").asText())
        .as(row.toString())
        .isEqualTo(reported ? "reported" : "estimated");
    assertThat(row.path("usage").path("input").asLong()).as(row.toString()).isPositive();
    assertThat(row.path("cost_usd").asText()).as(row.toString()).doesNotMatch("0(\\.0*)?");
  }

  private String rows() {
    return admin("/admin/v1/requests?limit=40");
  }

  private String admin(String path) {
    HttpRequest request = HttpRequest.newBuilder(URI.create(adminUrl + path)).build();
    try {
      return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}

package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.identity.KeyRing;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Identical calls in flight are one upstream call and one bill. */
@ExtendWith(LeakCheck.class)
class SingleFlightFlowTest {
  private static final String PATH = "/v1/chat/completions";
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String STREAM = CHAT.replace("{\"model\"", "{\"stream\":true,\"model\"");
  private static final String STREAM_USAGE =
      STREAM.replace("{\"stream\"", "{\"stream_options\":{\"include_usage\":true},\"stream\"");
  private static final String ANSWER =
      "{\"id\":\"c1\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-mini\","
          + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hello\"},"
          + "\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100,\"total_tokens\":1100}}";
  // 1,000 x 0.15 + 100 x 0.60 USD per million.
  private static final String COST = "0.00021";
  private static final Executor CALLERS = Thread::startVirtualThread;

  @TempDir Path directory;
  private FakeProvider provider;
  private RunningGateway gateway;

  @BeforeEach
  void start() {
    provider = FakeProvider.start();
    gateway =
        RunningGateway.start(
            directory,
            RunningGateway.yaml(
                directory, provider, "cache: { exact: { ttl: 1h }, singleflight: true }\n"));
  }

  @AfterEach
  void stop() {
    gateway.close();
    provider.close();
  }

  private CompletableFuture<HttpResponse<String>> call(String body) {
    return CompletableFuture.supplyAsync(() -> gateway.post(PATH, body), CALLERS);
  }

  private void awaitInflight(int calls) {
    Await.until(
        calls + " calls are under way",
        () ->
            gateway
                .admin("/metrics")
                .lines()
                .anyMatch(("penstock_inflight " + calls + ".0")::equals));
  }

  private static String header(HttpResponse<?> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }

  private static String chunk(String text, String finish) {
    return "{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-4o-mini\","
        + "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\""
        + text
        + "\"},\"finish_reason\":"
        + finish
        + "}]}";
  }

  private static Script stream() {
    return Script.sse(
        chunk("one ", "null"),
        chunk("two ", "null"),
        chunk("three", "\"stop\""),
        "{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-4o-mini\","
            + "\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100,"
            + "\"total_tokens\":1100}}",
        "[DONE]");
  }

  /** A client that reads as the answer comes, and can leave in its midst. */
  private static final class Reader implements AutoCloseable {
    private final Socket socket;
    private final BufferedReader lines;

    Reader(RunningGateway at, String body) throws IOException {
      socket = new Socket(InetAddress.getLoopbackAddress(), at.port());
      socket.setSoTimeout(20_000);
      String head =
          "POST "
              + PATH
              + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer "
              + RunningGateway.KEY
              + "\r\nContent-Type: application/json\r\nContent-Length: "
              + body.length()
              + "\r\n\r\n";
      socket.getOutputStream().write((head + body).getBytes(StandardCharsets.US_ASCII));
      lines =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    }

    /** Reads until a line has that text; returns all that was read. */
    String until(String text) throws IOException {
      StringBuilder read = new StringBuilder();
      String line = "";
      while (line != null && !line.contains(text)) {
        line = lines.readLine();
        read.append(line).append('\n');
      }
      assertThat(line).as(read.toString()).isNotNull();
      return read.toString();
    }

    /** Leaves at once, whatever is still to come. */
    void leave() throws IOException {
      socket.close();
    }

    @Override
    public void close() throws IOException {
      leave();
    }
  }

  /** Opens a stream that has begun before anybody else comes. */
  private Reader leader() throws IOException {
    Reader leader = new Reader(gateway, STREAM);
    leader.until("one ");
    return leader;
  }

  @Test
  void unary_manyAtOnce_areOneCallAndOneBill() {
    Gate gate = new Gate("answer");
    provider.on(PATH).reply(Script.json(ANSWER).pauseBeforeHeaders(gate));
    List<CompletableFuture<HttpResponse<String>>> calls = new ArrayList<>();
    calls.add(call(CHAT));
    provider.awaitRequest(1);
    for (int i = 0; i < 5; i++) {
      calls.add(call(CHAT));
    }
    awaitInflight(6);
    gate.open();
    List<HttpResponse<String>> answers = calls.stream().map(CompletableFuture::join).toList();

    assertThat(provider.requests()).hasSize(1);
    assertThat(answers).allSatisfy(answer -> assertThat(answer.body()).isEqualTo(ANSWER));
    assertThat(answers.stream().map(answer -> header(answer, "x-penstock-cost-usd")))
        .containsOnlyOnce(COST)
        .filteredOn("0.00"::equals)
        .hasSize(5);
    assertThat(answers.stream().map(answer -> header(answer, "x-penstock-cache")))
        .containsOnlyOnce("miss")
        .filteredOn("exact"::equals)
        .hasSize(5);
    assertThat(answers.stream().map(answer -> header(answer, "x-penstock-saved-usd")))
        .filteredOn(COST::equals)
        .hasSize(5);
    assertThat(gateway.admin("/metrics"))
        .contains("penstock_cache_requests_total{layer=\"exact\",result=\"hit\"} 5.0")
        .contains("penstock_cache_requests_total{layer=\"exact\",result=\"miss\"} 1.0");
    assertThat(gateway.admin("/admin/v1/spend?by=team")).contains(COST);
  }

  @Test
  void targetFails_leaderWouldNotWait_theNextOneIsAskedForThoseWhoFollow() {
    String two = CHAT.replace("gpt-4o-mini", "two");
    Gate gate = new Gate("failure");
    provider.on(PATH).reply(Script.json(ANSWER));
    provider.on(PATH).nth(0).reply(Script.error(503).pauseBeforeHeaders(gate));
    CompletableFuture<HttpResponse<String>> leader =
        CompletableFuture.supplyAsync(
            () -> gateway.post(PATH, two, "x-stainless-timeout", "0.001"), CALLERS);
    provider.awaitRequest(1);
    CompletableFuture<HttpResponse<String>> follower = call(two);
    awaitInflight(2);
    gate.open();
    assertThat(leader.join().statusCode()).as(leader.join().body()).isEqualTo(200);
    assertThat(header(follower.join(), "x-penstock-cache")).isEqualTo("exact");
    assertThat(provider.requests()).hasSize(2);
  }

  @Test
  void stream_fansOutAsItComes_andEveryOneGetsItsShape() throws Exception {
    Gate early = new Gate("second piece");
    Gate late = new Gate("third piece");
    provider.on(PATH).reply(stream().pauseBefore(1, early).pauseBefore(2, late));
    try (Reader leader = leader()) {
      try (Reader follower = new Reader(gateway, STREAM)) {
        // It joined late and has what the leader had, before anything else has come.
        String head = follower.until("one ");
        assertThat(head)
            .contains("x-penstock-cache: exact")
            .contains("x-penstock-route: cache")
            .contains("x-penstock-model: gpt-4o-mini")
            .contains("text/event-stream");
        early.open();
        follower.until("two ");
        CompletableFuture<HttpResponse<String>> unary = call(CHAT);
        CompletableFuture<HttpResponse<String>> usage = call(STREAM_USAGE);
        awaitInflight(4);
        late.open();
        assertThat(leader.until("[DONE]")).contains("\"cost_usd\":" + COST);
        assertThat(follower.until("[DONE]"))
            .contains("\"cost_usd\":0.00,\"saved_usd\":" + COST)
            .doesNotContain("\"cost_usd\":" + COST);
        assertThat(unary.join().body()).contains("one two three").contains("\"usage\"");
        assertThat(header(unary.join(), "x-penstock-cache")).isEqualTo("exact");
        assertThat(usage.join().body())
            .contains("\"completion_tokens\":100")
            .contains("\"saved_usd\"")
            .endsWith("data: [DONE]\n\n");
      }
    }
    assertThat(provider.requests()).hasSize(1);
  }

  @Test
  void leaderThatFails_handsOver() {
    Gate gate = new Gate("failure");
    provider.on(PATH).reply(Script.json(ANSWER));
    provider.on(PATH).nth(0).reply(Script.error(500).pauseBeforeHeaders(gate));
    CompletableFuture<HttpResponse<String>> leader = call(CHAT);
    provider.awaitRequest(1);
    CompletableFuture<HttpResponse<String>> follower = call(CHAT);
    awaitInflight(2);
    gate.open();

    assertThat(leader.join().statusCode()).isGreaterThanOrEqualTo(500);
    assertThat(follower.join().statusCode()).isEqualTo(200);
    assertThat(header(follower.join(), "x-penstock-cache")).isEqualTo("miss");
    assertThat(header(follower.join(), "x-penstock-cost-usd")).isEqualTo(COST);
    assertThat(provider.requests()).hasSize(2);
  }

  @Test
  void streamThatBreaksOff_endsWithAnErrorForAll() throws Exception {
    Gate gate = new Gate("cut");
    provider
        .on(PATH)
        .reply(stream().pauseBefore(1, gate).cutAfterBytes(chunk("one ", "null").length() + 20));
    try (Reader leader = leader();
        Reader follower = new Reader(gateway, STREAM)) {
      follower.until("one ");
      gate.open();
      assertThat(leader.until("[DONE]")).contains("\"error\"");
      assertThat(follower.until("[DONE]")).contains("\"error\"");
    }
    assertThat(gateway.admin("/admin/v1/cache")).contains("\"entries\":0");
    Await.until(
        "each of the two calls has a row",
        () -> gateway.admin("/admin/v1/spend?by=endpoint").contains("\"requests\" : 2,"));
    String rows = gateway.admin("/admin/v1/requests");
    assertThat(rows.split("\"status\":200", -1)).as("what both clients got: " + rows).hasSize(3);
    assertThat(rows.split("\"provider\":\"fake\"", -1)).hasSize(3);
    assertThat(rows.split("\"error\":\"upstream_error\"", -1)).hasSize(3);
  }

  @Test
  void streamThatFallsSilent_endsWithTheSameCodeForAll() throws Exception {
    gateway.close();
    String yaml =
        RunningGateway.yaml(
            directory, provider, "cache: { exact: { ttl: 1h }, singleflight: true }\n");
    gateway = RunningGateway.start(directory, yaml.replace("idle: 2s", "idle: 500ms"));
    provider.on(PATH).reply(stream().pauseBefore(1, new Gate("never")));
    try (Reader leader = leader();
        Reader follower = new Reader(gateway, STREAM)) {
      follower.until("one ");
      leader.until("\"code\":\"upstream_timeout\"");
      follower.until("\"code\":\"upstream_timeout\"");
    }
    Await.until(
        "both have rows that say so",
        () ->
            gateway.admin("/admin/v1/requests").split("\"ending\":\"timed_out\"", -1).length == 3);
  }

  @Test
  void clientThatLeaves_doesNotCancelTheOthers() throws Exception {
    Gate early = new Gate("second piece");
    Gate late = new Gate("third piece");
    provider.on(PATH).reply(stream().pauseBefore(1, early).pauseBefore(2, late));
    try (Reader leader = leader();
        Reader leaves = new Reader(gateway, STREAM);
        Reader stays = new Reader(gateway, STREAM)) {
      leaves.until("one ");
      stays.until("one ");
      CompletableFuture<HttpResponse<String>> unary = call(CHAT);
      awaitInflight(4);
      leaves.leave();
      leader.leave();
      Await.until(
          "a client that follows has left",
          () -> gateway.admin("/metrics").contains("status=\"499\""));
      early.open();
      stays.until("two ");
      late.open();
      assertThat(stays.until("[DONE]")).contains("three");
      assertThat(unary.join().body()).contains("one two three");
    }
    assertThat(provider.requests()).hasSize(1);
  }

  @Test
  void everyoneLeaves_cancelsTheCall() throws Exception {
    provider.on(PATH).reply(stream().pauseBefore(1, new Gate("never")));
    Reader leader = leader();
    Reader follower = new Reader(gateway, STREAM);
    follower.until("one ");
    leader.leave();
    follower.leave();
    provider.awaitRequest(1).awaitClosed();
    awaitInflight(0);
    assertThat(provider.requests()).hasSize(1);
  }

  /** Another key of the same organisation, whose budgets are untouched. */
  private CompletableFuture<HttpResponse<String>> rich(String body) {
    return CompletableFuture.supplyAsync(
        () -> gateway.post(PATH, body, "Authorization", "Bearer pk-rich"), CALLERS);
  }

  /** What one caller's budget does to its answer is not what the others asked for. */
  @Test
  void leaderWhoseBudgetChangesTheCall_answersForItselfAlone() {
    gateway.close();
    String yaml =
        RunningGateway.yaml(
            directory,
            provider,
            """
            cache: { exact: { ttl: 1h, scope: org }, singleflight: true }
            budgets:
              - { name: small, when: 'key == "k-test" && target.endsWith("/gpt-4o")',
                  limit: 0.000001 USD, every: month, over: { use: gpt-4o-mini } }
              - { name: short, when: 'key == "k-test" && model == "gpt-4o-mini"',
                  limit: 0.001 USD, every: month }
            """);
    String key = "- { id: k-rich, sha256: \"" + KeyRing.hash("pk-rich") + "\", team: engineering }";
    gateway =
        RunningGateway.start(
            directory, yaml.replaceFirst("(\\s+)- \\{ id: k-test", "$1" + key + "$0"));
    Gate gate = new Gate("answer");
    provider.on(PATH).reply(Script.json(ANSWER).pauseBeforeHeaders(gate));
    String two = CHAT.replace("gpt-4o-mini", "two");
    CompletableFuture<HttpResponse<String>> elsewhere = call(two);
    assertThat(provider.awaitRequest(1).text()).contains("\"gpt-4o-mini\"");
    CompletableFuture<HttpResponse<String>> there = rich(two);
    assertThat(provider.awaitRequest(2).text()).contains("\"gpt-4o\"");
    CompletableFuture<HttpResponse<String>> shorter = call(CHAT);
    assertThat(provider.awaitRequest(3).text()).contains("max_");
    CompletableFuture<HttpResponse<String>> whole = rich(CHAT);
    assertThat(provider.awaitRequest(4).text()).doesNotContain("max_");
    gate.open();

    assertThat(header(elsewhere.join(), "x-penstock-model")).isEqualTo("gpt-4o-mini");
    assertThat(header(there.join(), "x-penstock-model")).isEqualTo("gpt-4o");
    assertThat(header(shorter.join(), "x-penstock-max-tokens")).isNotEmpty();
    assertThat(header(whole.join(), "x-penstock-max-tokens")).isEmpty();
    assertThat(List.of(there.join(), whole.join()))
        .allSatisfy(answer -> assertThat(header(answer, "x-penstock-cache")).isEqualTo("miss"));
    // What is stored is the answer of the model that was asked for.
    assertThat(header(gateway.post(PATH, two), "x-penstock-model")).isEqualTo("gpt-4o");
  }

  @Test
  void othersScopeAndRefresh_neverJoin() {
    Gate gate = new Gate("answer");
    provider.on(PATH).reply(Script.json(ANSWER).pauseBeforeHeaders(gate));
    CompletableFuture<HttpResponse<String>> first = call(CHAT);
    provider.awaitRequest(1);
    CompletableFuture<HttpResponse<String>> others =
        CompletableFuture.supplyAsync(
            () ->
                gateway.post(
                    PATH,
                    CHAT,
                    "Authorization",
                    "Bearer pk-support",
                    "X-Penstock-Metadata",
                    "{\"project\":\"p\"}"),
            CALLERS);
    provider.awaitRequest(2);
    CompletableFuture<HttpResponse<String>> refresh =
        CompletableFuture.supplyAsync(
            () -> gateway.post(PATH, CHAT, "X-Penstock-Cache", "refresh"), CALLERS);
    provider.awaitRequest(3);
    assertThat(gateway.post(PATH, CHAT, "X-Penstock-Cache", "only").statusCode()).isEqualTo(504);
    gate.open();
    assertThat(List.of(first.join(), others.join(), refresh.join()))
        .allSatisfy(answer -> assertThat(header(answer, "x-penstock-cache")).isEqualTo("miss"));
  }
}

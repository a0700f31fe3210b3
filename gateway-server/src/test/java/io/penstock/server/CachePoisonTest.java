package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.identity.KeyRing;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Received;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a client does to get at another's answer, or to have a bad one kept, comes to nothing. */
@ExtendWith(LeakCheck.class)
class CachePoisonTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String PATH = "/v1/chat/completions";
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final Set<String> VOLATILE =
      Set.of("stream", "stream_options", "user", "metadata", "safety_identifier", "store");

  /** Texts that end where another part would begin, or look like one. */
  private static final List<String> HOSTILE =
      List.of(
          "hi",
          "hi\"",
          "hi\u0000",
          "hi\",\"temperature\":1,\"x\":\"",
          "team:engineering",
          "key:k-test\nchat\ngpt-4o-mini",
          "h\u0456",
          "hi ",
          "\u0000\u0000\u0000\u0002hi");

  @TempDir Path directory;
  private FakeProvider provider;
  private RunningGateway gateway;

  @BeforeEach
  void start() {
    provider = FakeProvider.start();
    gateway = gateway("1h");
  }

  @AfterEach
  void stop() {
    gateway.close();
    provider.close();
  }

  private RunningGateway gateway(String ttl) {
    String cache = "cache: { exact: { ttl: " + ttl + " } }\n";
    return RunningGateway.start(directory, RunningGateway.yaml(directory, provider, cache));
  }

  private static ObjectNode object(String json) {
    try {
      return (ObjectNode) MAPPER.readTree(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String cache(HttpResponse<String> response) {
    return response.headers().firstValue("x-penstock-cache").orElse("");
  }

  /** What may change an answer, and nothing else. */
  private static String essence(String body) {
    return KeyRing.hash(object(body).remove(VOLATILE).toString());
  }

  /** Answers with what was asked, so that a wrong hit shows in its text. */
  private static Script echo(Received request) {
    ObjectNode whole = MAPPER.createObjectNode().put("id", "c").put("object", "chat.completion");
    ObjectNode choice =
        whole.withArray("choices").addObject().put("index", 0).put("finish_reason", "stop");
    choice.putObject("message").put("role", "assistant").put("content", essence(request.text()));
    whole.putObject("usage").put("prompt_tokens", 1).put("completion_tokens", 1);
    return Script.json(whole.toString());
  }

  @Test
  void hit_ofHostileRequests_isAlwaysTheAnswerToThisRequestOfThisTeam() {
    provider.on(PATH).reply(CachePoisonTest::echo);
    Random random = new Random(20261121);
    Set<String> ofTheOther = new HashSet<>();
    Set<String> ofOurs = new HashSet<>();
    int hits = 0;
    for (int i = 0; i < 400; i++) {
      String body = hostile(random).toString();
      boolean other = random.nextInt(3) == 0;
      String key = other ? "pk-support" : "pk-test";
      Set<String> seen = other ? ofTheOther : ofOurs;
      HttpResponse<String> response = gateway.post(PATH, body, headers(random, key));
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      String essence = essence(body);
      assertThat(object(response.body()).at("/choices/0/message/content").asText())
          .as(body)
          .isEqualTo(essence);
      if (cache(response).equals("exact")) {
        hits++;
        assertThat(seen).as("%s asked before: %s", key, body).contains(essence);
      }
      seen.add(essence);
    }
    assertThat(hits).isGreaterThan(50);
  }

  private static ObjectNode hostile(Random random) {
    ObjectNode body = MAPPER.createObjectNode().put("model", "gpt-4o-mini");
    if (random.nextInt(3) == 0) {
      body.withArray("messages").addObject().put("role", "system").put("content", any(random));
    }
    body.withArray("messages").addObject().put("role", "user").put("content", any(random));
    switch (random.nextInt(6)) {
      case 0 -> body.put("temperature", random.nextInt(2));
      case 1 -> body.putObject("response_format").put("type", "json_object");
      case 2 -> body.put("stop", any(random));
      default -> {}
    }
    switch (random.nextInt(6)) {
      case 0 -> body.put("user", any(random));
      case 1 -> body.putObject("metadata").put("scope", "team:engineering");
      case 2 -> body.put("store", false);
      case 3 -> body.put("safety_identifier", any(random));
      default -> {}
    }
    return body;
  }

  private static String any(Random random) {
    return HOSTILE.get(random.nextInt(random.nextBoolean() ? 2 : HOSTILE.size()));
  }

  /** Headers that ask for another's place, or for a younger age. */
  private static String[] headers(Random random, String key) {
    List<String> headers = new ArrayList<>(List.of("Authorization", "Bearer " + key));
    headers.addAll(List.of("X-Penstock-Metadata", "{\"project\":\"p\"}"));
    switch (random.nextInt(4)) {
      case 0 -> headers.addAll(List.of("X-Penstock-User", "ada"));
      case 1 -> headers.addAll(List.of("X-Penstock-Session", "team:engineering"));
      case 2 -> headers.addAll(List.of("Cache-Control", "max-age=99999999", "Age", "0"));
      default -> {}
    }
    return headers.toArray(String[]::new);
  }

  @Test
  void entry_askedAgainAndAgain_growsOldAllTheSame() {
    gateway.close();
    gateway = gateway("300ms");
    Await.until(
        "a hit",
        () -> cache(gateway.post(PATH, CHAT, "Cache-Control", "max-age=9999")).equals("exact"));
    Await.until("a miss", () -> cache(gateway.post(PATH, CHAT, "Age", "0")).equals("miss"));
  }

  @Test
  void unsoundAnswers_ofEveryDialect_areNotStored() {
    String responses = "{\"model\":\"gpt-4o-mini\",\"store\":false,\"input\":\"hi\"}";
    String response =
        "{\"id\":\"r\",\"object\":\"response\",\"status\":\"%s\",\"model\":\"m\",\"output\":[%s],"
            + "\"usage\":{\"input_tokens\":1,\"output_tokens\":1,\"total_tokens\":2}}";
    String message =
        "{\"type\":\"message\",\"id\":\"m\",\"status\":\"completed\",\"role\":\"assistant\","
            + "\"content\":[%s]}";
    for (String unsound :
        new String[] {
          response.formatted("incomplete", message.formatted(text("hi"))),
          response.formatted(
              "completed", message.formatted("{\"type\":\"refusal\",\"refusal\":\"no\"}")),
          response.formatted(
              "completed",
              "{\"type\":\"function_call\",\"id\":\"f\",\"call_id\":\"c\",\"name\":\"f\","
                  + "\"arguments\":\"{}\"}")
        }) {
      provider.on("/v1/responses").reply(Script.json(unsound));
      gateway.post("/v1/responses", responses);
    }
    String[] finishes = {"length", "content_filter", "tool_calls"};
    for (String finish : finishes) {
      provider.on(PATH).reply(Script.json(chat(finish)));
      gateway.post(PATH, CHAT);
      gateway.post(
          "/v1/messages",
          "{\"model\":\"gpt-4o-mini\",\"max_tokens\":9,"
              + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
      gateway.post(
          "/v1beta/models/gpt-4o-mini:generateContent",
          "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"hi\"}]}]}");
      provider.on(PATH).reply(stream(finish));
      gateway.post(PATH, CHAT.replace("{\"model\"", "{\"stream\":true,\"model\""));
    }
    provider
        .on(PATH)
        .reply(Script.json("{\"error\":{\"message\":\"in a 200\",\"type\":\"server_error\"}}"));
    gateway.post(PATH, CHAT);
    provider
        .on(PATH)
        .reply(
            Script.sse(
                "{\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}]}",
                "{\"error\":{\"message\":\"in a stream\",\"type\":\"server_error\"}}"));
    gateway.post(PATH, CHAT.replace("{\"model\"", "{\"stream\":true,\"model\""));

    assertThat(provider.requests()).hasSizeGreaterThanOrEqualTo(17);
    assertThat(gateway.admin("/admin/v1/cache")).contains("\"entries\":0").contains("\"hit\":0");
  }

  private static String text(String text) {
    return "{\"type\":\"output_text\",\"text\":\"" + text + "\",\"annotations\":[]}";
  }

  private static String chat(String finish) {
    String calls =
        "\"content\":null,\"tool_calls\":[{\"id\":\"t\",\"type\":\"function\","
            + "\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]";
    return "{\"id\":\"c\",\"object\":\"chat.completion\",\"model\":\"m\",\"choices\":[{\"index\":0,"
        + "\"message\":{\"role\":\"assistant\","
        + (finish.equals("tool_calls") ? calls : "\"content\":\"hi\"")
        + "},\"finish_reason\":\""
        + finish
        + "\"}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,\"total_tokens\":2}}";
  }

  private static Script stream(String finish) {
    return Script.sse(
        "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,"
            + "\"delta\":{\"role\":\"assistant\",\"content\":\"hi\"},\"finish_reason\":\""
            + finish
            + "\"}]}",
        "[DONE]");
  }

  @Test
  void anthropicVersionAndBetas_areAnswersOfTheirOwn() {
    String path = "/v1/messages";
    String body =
        "{\"model\":\"gpt-4o-mini\",\"max_tokens\":9,"
            + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
    String[] first = {"anthropic-version", "2023-06-01"};
    assertThat(cache(gateway.post(path, body, first))).isEqualTo("miss");
    assertThat(cache(gateway.post(path, body, "anthropic-version", "2026-10-21")))
        .isEqualTo("miss");
    assertThat(cache(gateway.post(path, body, "anthropic-beta", "context-1m"))).isEqualTo("miss");
    assertThat(cache(gateway.post(path, body, first))).isEqualTo("exact");
  }

  @Test
  void anthropicBetas_ofSeveralLines_allCount() {
    String path = "/v1/messages";
    String body =
        "{\"model\":\"gpt-4o-mini\",\"max_tokens\":9,"
            + "\"messages\":[{\"role\":\"user\",\"content\":\"lines\"}]}";
    String beta = "anthropic-beta";
    String[] one = {beta, "effort-2025-11-24"};
    String[] two = {beta, "effort-2025-11-24", beta, "context-1m"};
    assertThat(cache(gateway.post(path, body, one))).isEqualTo("miss");
    assertThat(cache(gateway.post(path, body, two))).isEqualTo("miss");
    assertThat(cache(gateway.post(path, body, beta, "effort-2025-11-24,context-1m")))
        .isEqualTo("exact");
  }

  @Test
  void answersOfXPenstockRoute_areNotKeptUnderTheModelAskedFor() {
    HttpResponse<String> other = gateway.post(PATH, CHAT, "X-Penstock-Route", "fixed");
    assertThat(cache(other)).isIn("off", "");
    assertThat(cache(gateway.post(PATH, CHAT))).isEqualTo("miss");
  }
}

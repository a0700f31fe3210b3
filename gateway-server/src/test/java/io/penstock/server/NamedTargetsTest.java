package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Routes whose targets are other names, and what they cost there, where the cost decides. */
@ExtendWith(LeakCheck.class)
class NamedTargetsTest {
  private static final String CHAT = "/v1/chat/completions";

  /** The routes of the example configuration, and two over names by cost and in order. */
  private static final String MODELS =
      """
      models:
        "*": openai/*
        gpt-4o-mini: openai/gpt-4o-mini
        gpt-4o: openai/gpt-4o
        claude-sonnet: anthropic/claude-sonnet-4-5
        flex: { targets: [{ model: openai/gpt-5-mini, set: { service_tier: flex, reasoning_effort: low }, default: { max_tokens: 1024 } }], on_unsupported: drop }
        canary: { strategy: weighted, targets: [{ model: openai/gpt-4o, weight: 95 }, { model: openai/gpt-5-mini, weight: 5 }], sticky: { by: session, for: 10m } }
        fastest: { strategy: latency, targets: [openai/gpt-4o-mini, anthropic/claude-haiku-4-5], sticky: { by: key, for: 10m }, hedge: { after: p95, budget: 5% } }
        cheapest:
          strategy: cost
          targets:
            - { model: openai/gpt-4o-mini, quality: 0.72 }
            - { model: anthropic/claude-haiku-4-5, quality: 0.78 }
            - { model: anthropic/claude-sonnet-4-5, quality: 0.90 }
          min_quality: 0.75
        auto:
          strategy: complexity
          targets: [{ model: gpt-4o-mini, upto: 0.35 }, { model: claude-sonnet }]
          sticky: { by: session }
          baseline: claude-sonnet
        careful:
          strategy: cascade
          targets:
            - { model: gpt-4o-mini, accept: 'response.finish == "stop" && response.logprob > -0.4', stream: hold }
            - { model: claude-sonnet }
        assistant:
          strategy: rules
          rules:
            - { if: 'task in ["summarise", "classify", "extract"]', use: gpt-4o-mini }
            - { use: claude-sonnet }
        thrifty: { strategy: cost, targets: [gpt-4o, gpt-4o-mini] }
        ordered: { targets: [gpt-4o-mini, gpt-4o], sticky: { by: session } }
        reversed: { targets: [gpt-4o, gpt-4o-mini], sticky: { by: session } }
      """;

  private static final FakeProvider provider = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(NamedTargetsTest::yaml, provider);

  private static String yaml(Path directory) {
    String one =
        "  %s: { dialect: %s, base_url: \"%s\", keys: [k], catalogue: %1$s,"
            + " retries: { attempts: 0 }, breaker: { failures: 100 } }\n";
    return RunningGateway.yaml(directory, provider, "")
        .replaceFirst("(?s)models:\n.*?teams:\n", MODELS.replace("$", "\\$") + "teams:\n")
        .replace(
            "providers:\n",
            "providers:\n"
                + one.formatted("openai", "openai", provider.baseUrl())
                + one.formatted("anthropic", "anthropic", provider.url()));
  }

  @BeforeEach
  void reset() {
    provider
        .on(CHAT)
        .reply(
            Script.json(
                """
                {"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,\
                "message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}],\
                "usage":{"prompt_tokens":3000,"completion_tokens":2,"total_tokens":3002,\
                "prompt_tokens_details":{"cached_tokens":2048}}}\
                """));
    provider
        .on("/v1/messages")
        .reply(
            Script.json(
                """
                {"id":"m","type":"message","role":"assistant","model":"m","content":\
                [{"type":"text","text":"ok"}],"stop_reason":"end_turn","usage":{"input_tokens":900,\
                "cache_read_input_tokens":2048,"cache_creation_input_tokens":100,"output_tokens":2}}\
                """));
  }

  private static String body(String model, String turns) {
    return "{\"model\":\"%s\",\"max_tokens\":20,\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}"
        .formatted(model, turns);
  }

  private static HttpResponse<String> ask(String model, String session, String turns) {
    HttpResponse<String> response =
        gateway.post(CHAT, body(model, turns), "X-Penstock-Session", session);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response;
  }

  private static String header(HttpResponse<String> response, String name) {
    return response.headers().firstValue("x-penstock-" + name).orElse("");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "anything",
        "flex",
        "canary",
        "fastest",
        "cheapest",
        "auto",
        "careful",
        "assistant",
        "thrifty",
        "ordered",
        "reversed"
      })
  void everyRoute_answersTurnAfterTurn_andExplains(String model) {
    String hard =
        "Prove step by step that the square root of 2 is irrational, compare three proofs, and"
            + " explain why each holds unless the ring is no UFD. If not, why?";
    String asked = model.equals("anything") ? "gpt-4o" : model;
    for (String turn : new String[] {"hi", hard, "hi again", "and then?"}) {
      ask(asked, "of-" + model, turn);
    }
    assertThat(gateway.explain("chat", body(asked, hard), "{\"X-Penstock-Session\":\"of\"}"))
        .contains("\"outcome\":\"call\"");
  }

  @Test
  void cost_overNames_takesTheCheaper() {
    HttpResponse<String> response = ask("thrifty", "thrift", "hi");
    assertThat(header(response, "model")).isEqualTo("gpt-4o-mini");
    assertThat(header(response, "route")).startsWith("cost 0.0000");
  }

  @Test
  void warmCache_ofADearerName_isLeftWhereMovingRepays() {
    provider.on(CHAT).model("gpt-4o-mini").nth(0).reply(Script.error(500));
    assertThat(header(ask("ordered", "warm", "hi"), "model")).isEqualTo("gpt-4o");
    assertThat(header(ask("ordered", "warm", "hi"), "model")).isEqualTo("gpt-4o-mini");
  }

  @Test
  void warmCache_ofACheaperName_isKeptThoughAnotherNameIsFirst() {
    provider.on(CHAT).model("gpt-4o").nth(0).reply(Script.error(500));
    assertThat(header(ask("reversed", "kept", "hi"), "model")).isEqualTo("gpt-4o-mini");
    HttpResponse<String> response = ask("reversed", "kept", "hi");
    assertThat(header(response, "model")).isEqualTo("gpt-4o-mini");
    assertThat(header(response, "route")).contains("prompt cache warm");
    assertThat(header(ask("reversed", "another", "hi"), "model")).isEqualTo("gpt-4o");
  }
}

package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What {@code response} is to a condition: the same in {@code accept}, where a served hit is
 * checked and in {@code store_if}, whatever the client's dialect.
 */
@ExtendWith(LeakCheck.class)
class JudgedAnswersTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final String QUESTION = "How do I reverse a string in Python?";
  private static final String OTHER_WORDS = "How can I reverse a string in Python?";
  private static final String OTHER_QUESTION = "Which rivers flow through France?";

  @TempDir Path directory;

  private RunningGateway start(FakeProvider provider, String model, String semantic) {
    String rule = "cache: { semantic: { ttl: 6h, scope: team, max_false_hits: 3%, " + semantic;
    return RunningGateway.start(
        directory,
        RunningGateway.yaml(directory, provider, rule + " } }\n")
            .replace("models:\n", "models:\n" + model));
  }

  private static Script chat(String text, String logprobs) {
    return Script.json(
        """
        {"id":"c","object":"chat.completion","created":1,"model":"gpt-4.1-mini","choices":[{"index":0,\
        "message":{"role":"assistant","content":"%s"},%s"finish_reason":"stop"}],\
        "usage":{"prompt_tokens":20,"completion_tokens":5,"total_tokens":25}}\
        """
            .formatted(text.replace("\"", "\\\""), logprobs));
  }

  private static Script response() {
    return Script.json(
        """
        {"id":"resp_1","object":"response","created_at":1,"status":"completed","model":"gpt-4.1-mini",\
        "output":[{"type":"message","id":"msg_1","status":"completed","role":"assistant","content":\
        [{"type":"output_text","text":"s[::-1]","annotations":[]}]}],"usage":{"input_tokens":20,\
        "input_tokens_details":{"cached_tokens":0},"output_tokens":5,\
        "output_tokens_details":{"reasoning_tokens":0},"total_tokens":25}}\
        """);
  }

  private static String ask(RunningGateway gateway, String path, String body) {
    HttpResponse<String> answer = gateway.post(path, body);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return answer.headers().firstValue("x-penstock-cache").orElse("");
  }

  private static void awaitStored(RunningGateway gateway) {
    Await.until(
        "an answer to be stored", () -> gateway.admin("/admin/v1/cache").contains("\"vectors\":1"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        CHAT + "| {'model':'tiers','messages':[{'role':'user','content':'%s'}]}",
        "/v1/messages |"
            + " {'model':'tiers','max_tokens':50,'messages':[{'role':'user','content':'%s'}]}",
        "/v1beta/models/tiers:generateContent |"
            + " {'contents':[{'role':'user','parts':[{'text':'%s'}]}]}",
        "/v1/responses | {'model':'tiers','store':false,'input':'%s'}"
      })
  void finish_isInOneLanguage_alsoWhereAServedHitIsChecked(String path, String body) {
    String tiers =
        "  tiers: { strategy: cascade, targets: [{ model: fake/gpt-4.1-mini, accept:"
            + " \"response.finish == 'stop'\" }, fake/gpt-4.1] }\n";
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, tiers, "verify: 100%")) {
      provider.on(CHAT).reply(chat("s[::-1]", ""));
      provider.on("/v1/responses").reply(response());
      String question = body.replace('\'', '"');
      assertThat(ask(gateway, path, question.formatted(QUESTION))).isEqualTo("miss");
      assertThat(provider.requests()).as("the first tier was accepted").hasSize(1);
      awaitStored(gateway);
      assertThat(ask(gateway, path, question.formatted(OTHER_WORDS))).isEqualTo("semantic");
      Await.until(
          "the check", () -> gateway.admin("/metrics").contains("penstock_cache_checks_total{"));
      assertThat(gateway.admin("/metrics"))
          .contains("penstock_cache_checks_total{result=\"right\"} 1.0");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "response.json | {\"a\":1} | `` | `` | semantic",
        "response.json | 42 | `` | `` | semantic",
        "response.json | {\"a\":1} and more | `` | `` | miss",
        "response.json | {\"a\":1} | `` | {\"type\":\"object\",\"required\":[\"b\"]} | miss",
        "response.finish == 'stop' && response.text == 'yes' && response.tokens == 5"
            + " | yes | `` | `` | semantic",
        "response.logprob > -0.4 | sure | -0.1 | `` | semantic",
        "response.logprob > -0.4 | unsure | -3.0 | `` | miss",
        "response.logprob == 0.0 | untold | `` | `` | semantic",
      })
  void storeIf_seesWhatAcceptSees(
      String condition, String answer, String logprob, String schema, String otherWords) {
    String logprobs =
        logprob.isEmpty()
            ? ""
            : "\"logprobs\":{\"content\":[{\"token\":\"x\",\"logprob\":" + logprob + "}]},";
    String format =
        schema.isEmpty()
            ? ""
            : "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\",\"schema\":"
                + schema
                + "}},";
    String body =
        "{\"model\":\"gpt-4o-mini\"," + format + "\"messages\":[{\"role\":\"user\",\"content\":\"";
    String storeIf = "verify: 0%, store_if: \"" + condition + "\"";
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, "", storeIf)) {
      provider.on(CHAT).reply(chat(answer, logprobs));
      assertThat(ask(gateway, CHAT, body + QUESTION + "\"}]}")).isEqualTo("miss");
      if (otherWords.equals("miss")) {
        // One that is kept: when it is there, the first one would be.
        provider
            .on(CHAT)
            .reply(
                chat("{\"b\":1}", "\"logprobs\":{\"content\":[{\"token\":\"x\",\"logprob\":0}]},"));
        assertThat(ask(gateway, CHAT, body + OTHER_QUESTION + "\"}]}")).isEqualTo("miss");
      }
      awaitStored(gateway);
      assertThat(ask(gateway, CHAT, body + OTHER_WORDS + "\"}]}")).isEqualTo(otherWords);
    }
  }
}

package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What one client's refused request does to others, and what an empty account tells a client. */
@ExtendWith(LeakCheck.class)
class ProviderRefusalsTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final String MESSAGES = "/v1/messages";

  private static final String ANSWER =
      """
      {"id":"c1","object":"chat.completion","model":"gpt-4o-mini","choices":[{"index":0,\
      "message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],\
      "usage":{"prompt_tokens":5,"completion_tokens":3,"total_tokens":8}}\
      """;

  private static final String GEMINI_ANSWER =
      """
      {"candidates":[{"content":{"role":"model","parts":[{"text":"ok"}]},"finishReason":"STOP",\
      "index":0}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":3,\
      "totalTokenCount":12},"modelVersion":"gemini-2.5-flash","responseId":"r"}\
      """;

  private static final String NO_FILE =
      "You do not have permission to access the File abc123 or it may not exist.";

  private static final String NO_QUOTA =
      """
      {"error":{"message":"You exceeded your current quota, please check your plan and billing \
      details. For more information on this error, read the docs: \
      https://platform.openai.com/docs/guides/error-codes/api-errors.",\
      "type":"insufficient_quota","param":null,"code":"insufficient_quota"}}\
      """;

  @TempDir Path directory;

  private RunningGateway start(FakeProvider provider) {
    return start(provider, "kg");
  }

  private RunningGateway start(FakeProvider provider, String keys) {
    String more =
        """
          g: { dialect: gemini, base_url: "%s", keys: [%s], catalogue: gemini, retries: { attempts: 0 } }
        models:
          gemini-2.5-flash: g/gemini-2.5-flash
        """
            .formatted(provider.url(), keys);
    String yaml =
        RunningGateway.yaml(directory, provider, "")
            .replace("keys: [sk-upstream]", "keys: [k-one, k-two]")
            .replace("models:\n", more);
    return RunningGateway.start(directory, yaml);
  }

  private static String chat(String model, String more) {
    return "{\"model\":\"%s\",\"max_tokens\":50%s,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
        .formatted(model, more);
  }

  private static String header(HttpResponse<String> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }

  @ParameterizedTest
  @CsvSource({"gpt-4o-mini, invalid_api_key", "two, rainPerDay", "two, list_overloaded_nodes"})
  void badRequest_thatQuotesTheClient_takesNothingFromOthers(String model, String word) {
    String refusal =
        """
        {"error":{"message":"Invalid value: '%s'. Supported values are: 'json_object', \
        'json_schema', and 'text'.","type":"invalid_request_error",\
        "param":"response_format.type","code":"invalid_value"}}\
        """
            .formatted(word);
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider)) {
      provider
          .on(CHAT)
          .reply(request ->
              request.text().contains(word)
                  ? Script.json(refusal).status(400)
                  : Script.json(ANSWER));

      HttpResponse<String> refused =
          gateway.post(CHAT, chat(model, ",\"response_format\":{\"type\":\"" + word + "\"}"));

      assertThat(refused.statusCode()).as(refused.body()).isEqualTo(400);
      assertThat(refused.body())
          .contains("Invalid value: '" + word, "\"invalid_value\"", "\"response_format.type\"");
      assertThat(provider.requests()).as("neither another key nor another target").hasSize(1);
      HttpResponse<String> next = gateway.post(CHAT, chat(model, ""));
      assertThat(next.statusCode()).as(next.body()).isEqualTo(200);
    }
  }

  @Test
  void forbiddenFile_isToldAsTheProviderSaysIt_andTakesNothingFromOthers() {
    String refusal =
        "{\"error\":{\"code\":403,\"message\":\""
            + NO_FILE
            + "\",\"status\":\"PERMISSION_DENIED\"}}";
    String path = "/v1beta/models/gemini-2.5-flash:generateContent";
    String body = "{\"contents\":[{\"role\":\"user\",\"parts\":[%s{\"text\":\"hi\"}]}]}";
    String file =
        "{\"fileData\":{\"fileUri\":\"https://generativelanguage.googleapis.com/v1beta/files/abc123\","
            + "\"mimeType\":\"application/pdf\"}},";
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider)) {
      provider
          .on(path)
          .reply(request ->
              request.text().contains("fileData")
                  ? Script.json(refusal).status(403)
                  : Script.json(GEMINI_ANSWER));

      HttpResponse<String> refused = gateway.post(path, body.formatted(file));

      assertThat(refused.statusCode()).as(refused.body()).isEqualTo(403);
      assertThat(refused.body()).contains(NO_FILE, "\"PERMISSION_DENIED\"");
      HttpResponse<String> next = gateway.post(path, body.formatted(""));
      assertThat(next.statusCode()).as(next.body()).isEqualTo(200);
    }
  }

  /** Keys of several projects: each has files of its own. */
  @Test
  void fileOfAnotherKeysProject_isAskedForWithThatKey() {
    String path = "/v1beta/models/gemini-2.5-flash:generateContent";
    String refusal = "{\"error\":{\"code\":403,\"message\":\"" + NO_FILE + "\"}}";
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, "kg, kh")) {
      AtomicInteger refused = new AtomicInteger();
      provider
          .on(path)
          .reply(request -> {
            if (!"kg".equals(request.header("x-goog-api-key"))) {
              return Script.json(GEMINI_ANSWER);
            }
            refused.incrementAndGet();
            return Script.json(refusal).status(403);
          });
      // Which key is first is chance.
      for (int i = 0; i < 100 && refused.get() < 2; i++) {
        HttpResponse<String> answer =
            gateway.post(path, "{\"contents\":[{\"parts\":[{\"text\":\"hi\"}]}]}");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      }
      assertThat(refused).as("the key that has another's files is not set aside").hasValue(2);
    }
  }

  /** OpenAI's SDKs retry a 429 but for the header, and sleep as long as retry-after says. */
  @ParameterizedTest
  @CsvSource({
    CHAT + ", '\"type\":\"insufficient_quota\",\"param\":null,\"code\":\"insufficient_quota\"'",
    MESSAGES + ", '\"type\":\"rate_limit_error\"'"
  })
  void quotaUsedUp_isA429ThatNoSdkRetries(String path, String told) {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider)) {
      provider.on(CHAT).reply(Script.json(NO_QUOTA).status(429));

      HttpResponse<String> response = gateway.post(path, chat("gpt-4o-mini", ""));

      assertThat(response.statusCode()).as(response.body()).isEqualTo(429);
      assertThat(response.body()).contains(told, "has no money or quota left");
      assertThat(response.body().contains("insufficient_quota")).isEqualTo(path.equals(CHAT));
      assertThat(header(response, "x-should-retry")).isEqualTo("false");
      assertThat(header(response, "retry-after")).isEmpty();
      assertThat(header(response, "retry-after-ms")).isEmpty();
    }
  }

  @Test
  void quotaUsedUp_ofOneTarget_isInvisibleWhereThereIsAnother() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider)) {
      provider.on(CHAT).model("gpt-4o").reply(Script.json(NO_QUOTA).status(429));
      provider.on(CHAT).model("gpt-4o-mini").reply(Script.json(ANSWER));

      assertThat(gateway.post(CHAT, chat("two", "")).statusCode()).isEqualTo(200);
    }
  }
}

package io.penstock.providers.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.GatewayException;
import io.penstock.providers.translate.Rig.Wish;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What no translation may pass over (docs/translation.md): a 400 that names the field. The numbers
 * are those of {@link RowsTest}. Cases 25, 28 and 29 are decided before a body is translated.
 */
class MustBeRefusedTest {
  private static final String USER = "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]";

  private static void refused(Endpoint from, Dialect to, String body, String param, Wish wish) {
    assertThatThrownBy(() -> Rig.attempt(from, to, body, wish))
        .isInstanceOfSatisfying(
            GatewayException.class,
            e -> {
              assertThat(e.code().status()).isEqualTo(400);
              assertThat(e.param()).isEqualTo(param);
              assertThat(e.message()).contains(param);
            });
  }

  @Test
  void refusals_nameTheFieldAsTheClientWroteIt() {
    refused(
        Endpoint.CHAT,
        Dialect.ANTHROPIC,
        "{\"model\":\"m\"," + USER + ",\"response_format\":{\"type\":\"json_schema\"}}",
        "response_format.json_schema.schema",
        Wish.PLAIN);
    refused(
        Endpoint.CHAT,
        Dialect.ANTHROPIC,
        "{\"model\":\"m\"," + USER + ",\"tools\":[{\"type\":\"function\"}]}",
        "tools.0.function.name",
        Wish.PLAIN);
  }

  @Test
  void refusals_sayWhatIsMissing() {
    assertThatThrownBy(() ->
            Rig.attempt(
                Endpoint.CHAT,
                Dialect.ANTHROPIC,
                "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"S\"}]}",
                Wish.PLAIN))
        .hasMessageContaining("no message of the user is left");
    assertThatThrownBy(() ->
            Rig.attempt(
                Endpoint.CHAT,
                Dialect.ANTHROPIC,
                "{\"model\":\"m\","
                    + USER.replace("]", ",{\"role\":\"assistant\",\"content\":\"So\"}]}"),
                Wish.PLAIN))
        .hasMessageContaining("prefill: true");
  }

  /** Twelve of this kind at once, 3 MB each, ended a process with a heap of 192 MiB. */
  @Test
  void tokens_farMoreThanAConversationHas_areRefused() {
    String turn = "{\"role\":\"user\",\"content\":\"a\"},";
    String body =
        "{\"model\":\"m\",\"messages\":[" + turn.repeat(60_000) + turn.replace("},", "}") + "]}";
    assertThatThrownBy(() -> Rig.attempt(Endpoint.CHAT, Dialect.ANTHROPIC, body, Wish.PLAIN))
        .isInstanceOfSatisfying(
            GatewayException.class,
            e -> assertThat(e.message()).contains("JSON tokens").contains("250000"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "1  | ANTHROPIC | n                 | \"n\":2",
        "1  | BEDROCK   | n                 | \"n\":2",
        "2  | ANTHROPIC | logprobs          | \"logprobs\":true",
        "2  | BEDROCK   | top_logprobs      | \"top_logprobs\":3",
        "3  | ANTHROPIC | logit_bias        | \"logit_bias\":{\"5\":1}",
        "3  | GEMINI    | logit_bias        | \"logit_bias\":{\"5\":1}",
        "4  | ANTHROPIC | frequency_penalty | \"frequency_penalty\":0.5",
        "4  | BEDROCK   | presence_penalty  | \"presence_penalty\":0.5",
        "5  | ANTHROPIC | modalities        | \"modalities\":[\"text\",\"audio\"]",
        "8  | ANTHROPIC | tools.0           |"
            + " \"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"x\"}}]",
        "9  | GEMINI    | web_search_options | \"web_search_options\":{}",
        "10 | ANTHROPIC | response_format   | \"response_format\":{\"type\":\"json_object\"}",
        "12 | ANTHROPIC | temperature       | \"temperature\":1.5",
        "12 | BEDROCK   | temperature       | \"temperature\":1.5",
        "12 | GEMINI    | temperature       | \"temperature\":2.5",
        "15 | ANTHROPIC | tool_choice       |"
            + " \"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"gone\"}}",
        "16 | GEMINI    | tools.1           |"
            + " \"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"a\"}},{\"type\":\"function\",\"function\":{\"name\":\"a\"}}]",
        "22 | ANTHROPIC | max_tokens        | \"max_tokens\":1,\"max_completion_tokens\":2",
        "22 | ANTHROPIC | max_tokens        | \"max_tokens\":0",
        "23 | GEMINI    | stop              | \"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\"]",
        "27 | GEMINI    | parallel_tool_calls |"
            + " \"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"a\"}}],\"parallel_tool_calls\":false",
        "70 | COHERE    | made_up           | \"made_up\":1",
        "67 | ANTHROPIC | service_tier      | \"service_tier\":\"flex\"",
      })
  void chat_field_isRefusedByName(String number, Dialect to, String param, String field) {
    refused(Endpoint.CHAT, to, "{\"model\":\"m\"," + USER + "," + field + "}", param, Wish.PLAIN);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "5  | ANTHROPIC | messages.0 |"
            + " {\"role\":\"user\",\"content\":[{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"AA==\",\"format\":\"wav\"}}]}",
        "6  | BEDROCK   | messages.0 |"
            + " {\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://example.com/a.png\"}}]}",
        "6  | GEMINI    | messages.0 |"
            + " {\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://example.com/a.png\"}}]}",
        "7  | ANTHROPIC | messages.0.content.0.file.file_id |"
            + " {\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":{\"file_id\":\"file-1\"}}]}",
        "13 | ANTHROPIC | messages.1 |"
            + " {\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\",\"content\":\"Well\"}",
        "13 | BEDROCK   | messages.0 |"
            + " {\"role\":\"assistant\",\"content\":\"Well\"},{\"role\":\"user\",\"content\":\"Hi\"}",
        "14 | OPENAI    | messages.0.role | {\"role\":\"wizard\",\"content\":\"Hi\"}",
        "14 | COHERE    | messages.0.content.0.type |"
            + " {\"role\":\"user\",\"content\":[{\"type\":\"hologram\"}]}",
        "15 | ANTHROPIC | messages.1 |"
            + " {\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"tool\",\"tool_call_id\":\"c\",\"content\":\"x\"}",
        "15 | GEMINI    | messages.1.tool_calls.0.function.arguments |"
            + " {\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"a\",\"arguments\":\"{no\"}}]}",
        "26 | ANTHROPIC | messages | ",
      })
  void chat_messages_areRefusedByPath(String number, Dialect to, String param, String messages) {
    String list = messages == null ? "" : messages;
    refused(Endpoint.CHAT, to, "{\"model\":\"m\",\"messages\":[" + list + "]}", param, Wish.PLAIN);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "17 | previous_response_id | \"previous_response_id\":\"resp_1\"",
        "17 | conversation         | \"conversation\":\"conv_1\"",
        "17 | prompt               | \"prompt\":{\"id\":\"p\"}",
        "18 | background           | \"background\":true",
        "9  | tools.0              | \"tools\":[{\"type\":\"web_search\"}]",
        "125 | truncation          | \"truncation\":\"auto\"",
        "23 | stop                 | \"stop\":[\"a\"]",
      })
  void responses_field_isRefusedByName(String number, String param, String field) {
    refused(
        Endpoint.RESPONSES,
        Dialect.ANTHROPIC,
        "{\"model\":\"m\",\"input\":\"Hi\"," + field + "}",
        param,
        Wish.PLAIN);
  }

  @Test
  void responses_itemReference_isRefused() {
    refused(
        Endpoint.RESPONSES,
        Dialect.GEMINI,
        "{\"model\":\"m\",\"input\":[{\"type\":\"item_reference\",\"id\":\"i\"}]}",
        "input.0",
        Wish.PLAIN);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "19 | thinking.budget_tokens |"
            + " \"max_tokens\":4000,\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1000}",
        "19 | thinking.budget_tokens |"
            + " \"max_tokens\":2000,\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2000}",
        "22 | max_tokens             | \"max_tokens\":0",
        "24 | top_k                  | \"max_tokens\":9,\"top_k\":5",
        "23 | stop_sequences         |"
            + " \"max_tokens\":9,\"stop_sequences\":[\"a\",\"b\",\"c\",\"d\",\"e\"]",
        "17 | thread                 | \"max_tokens\":9,\"thread\":{\"type\":\"create\"}",
        "101 | mcp_servers           | \"max_tokens\":9,\"mcp_servers\":[{}]",
        "9  | tools.0                |"
            + " \"max_tokens\":9,\"tools\":[{\"type\":\"web_search_20250305\",\"name\":\"web_search\"}]",
      })
  void messages_field_isRefusedByName(String number, String param, String field) {
    refused(
        Endpoint.MESSAGES,
        Dialect.OPENAI,
        "{\"model\":\"m\"," + USER + "," + field + "}",
        param,
        Wish.PLAIN);
  }

  @Test
  void messages_samplingOnTheNewVersion_isRefused() {
    Wish newest = new Wish(false, false, false, "2026-10-21", "");
    String body = "{\"model\":\"m\",\"max_tokens\":9,\"temperature\":1," + USER + "}";

    refused(Endpoint.MESSAGES, Dialect.GEMINI, body, "temperature", newest);
    assertThat(Rig.sent(Endpoint.MESSAGES, Dialect.GEMINI, body, Wish.PLAIN).toString())
        .contains("\"temperature\":1");
  }

  @Test
  void messages_documentInAssistantOrCitedUserText_isRefusedOnTheNewVersion() {
    Wish newest = new Wish(false, false, false, "2026-10-21", "");
    String document =
        "{\"type\":\"document\",\"source\":{\"type\":\"base64\",\"media_type\":\"application/pdf\",\"data\":\"JVBE\"}}";
    String head = "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[";

    refused(
        Endpoint.MESSAGES,
        Dialect.OPENAI,
        head
            + "{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\",\"content\":["
            + document
            + "]}]}",
        "messages.1",
        newest);
    refused(
        Endpoint.MESSAGES,
        Dialect.OPENAI,
        head
            + "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\",\"citations\":[{}]}]}]}",
        "messages.0.content.0.citations",
        newest);
  }

  @Test
  void messages_fiveCacheBreakpoints_areRefused() {
    String block = "{\"type\":\"text\",\"text\":\"a\",\"cache_control\":{\"type\":\"ephemeral\"}}";
    String blocks = String.join(",", block, block, block, block, block);

    refused(
        Endpoint.MESSAGES,
        Dialect.BEDROCK,
        "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":["
            + blocks
            + "]}]}",
        "cache_control",
        Wish.PLAIN);
  }

  @Test
  void generate_cachedContent_isRefused() {
    refused(
        Endpoint.GENERATE,
        Dialect.OPENAI,
        "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Hi\"}]}],\"cachedContent\":\"c/1\"}",
        "cachedContent",
        Wish.PLAIN);
  }

  @Test
  void chat_reasoningNoneOnAModelThatAlwaysThinks_isRefused() {
    String body = "{\"model\":\"m\"," + USER + ",\"reasoning_effort\":\"none\"}";

    refused(Endpoint.CHAT, Dialect.GEMINI, body, "reasoning_effort", Wish.model("gemini-3-pro"));
  }

  @Test
  void chat_unsupportedOnADroppingRoute_isListedInstead() {
    String body =
        "{\"model\":\"m\","
            + USER
            + ",\"n\":2,\"logit_bias\":{\"5\":1},\"seed\":1,\"made_up\":true}";

    assertThat(Rig.attempt(Endpoint.CHAT, Dialect.ANTHROPIC, body, Wish.DROP).dropped())
        .containsExactlyInAnyOrder("n", "logit_bias", "seed", "made_up");
  }

  @Test
  void chat_noOpValues_areSilentlyLeftOut() {
    String body =
        "{\"model\":\"m\","
            + USER
            + ",\"n\":1,\"logit_bias\":{},\"frequency_penalty\":0,\"presence_penalty\":0,\"logprobs\":false,\"top_p\":1}";

    assertThat(Rig.attempt(Endpoint.CHAT, Dialect.ANTHROPIC, body, Wish.PLAIN).dropped()).isEmpty();
  }
}

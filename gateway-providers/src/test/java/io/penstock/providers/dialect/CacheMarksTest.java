package io.penstock.providers.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.providers.Breakpoints;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Marks for the prompt cache: where they stand, byte by byte, and where there are none. */
class CacheMarksTest {
  private static final String MARK = "\"cache_control\":{\"type\":\"ephemeral\"}";

  private static Wire.Call messages(String body, Breakpoints marks) {
    return Wire.call(Dialect.ANTHROPIC, Endpoint.MESSAGES, body)
        .model("claude-sonnet-4-5")
        .breakpoints(marks);
  }

  private static String body(String fields) {
    return "{\"model\":\"claude-sonnet-4-5\", \"max_tokens\":9, " + fields + "}";
  }

  @Test
  void texts_becomeMarkedBlocks_theRestStaysByteByByte() {
    String system = "\"system\" : \"Be \\\"brief\\\".\"";
    String messages = "\"messages\":[ {\"role\":\"user\",\"content\":\"hi \\u00e9\"} ]";
    String sent = messages(body(system + ", " + messages), Breakpoints.CONVERSATION).sent();
    assertThat(sent)
        .isEqualTo(
            body(
                "\"system\" : [{\"type\":\"text\",\"text\":\"Be \\\"brief\\\".\","
                    + MARK
                    + "}], \"messages\":["
                    + " {\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"hi \\u00e9\","
                    + MARK
                    + "}]} ]"));
    assertThat(messages(body(system + ", " + messages), Breakpoints.PREFIX).sent())
        .contains("\"content\":\"hi \\u00e9\"")
        .containsOnlyOnce(MARK);
  }

  @Test
  void lists_areMarkedOnTheirLastBlock() {
    String sent =
        messages(
                body(
                    "\"system\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\""
                        + " }],\"messages\":[{\"role\":\"user\",\"content\":\"x\"},"
                        + "{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{}}]},"
                        + "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":\"y\"}]}]"),
                Breakpoints.CONVERSATION)
            .sent();
    assertThat(sent)
        .contains("{\"type\":\"text\",\"text\":\"b\" ," + MARK + "}]")
        .contains("\"content\":\"y\"," + MARK + "}]}]")
        .contains("{\"role\":\"user\",\"content\":\"x\"}");
    assertThat(sent.split("cache_control", -1)).hasSize(3);
  }

  @Test
  void withoutSystemPrompt_theLastToolIsMarked() {
    String user = "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]";
    String tools = "\"tools\":[{\"name\":\"f\"},{\"name\":\"g\",\"input_schema\":{}}],";
    assertThat(messages(body(tools + user), Breakpoints.PREFIX).sent())
        .contains("{\"name\":\"g\",\"input_schema\":{}," + MARK + "}]");
    String found = tools.replace("\"input_schema\":{}", "\"defer_loading\":true");
    assertThat(messages(body(found + user), Breakpoints.PREFIX).sent()).doesNotContain(MARK);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"system\":\"\",\"messages\":[]",
        "\"system\":[],\"messages\":\"odd\"",
        "\"system\":[{\"type\":\"text\",\"text\":\""
            + " \"}],\"messages\":[{\"role\":\"assistant\",\"content\":\"pre\"}]",
        "\"system\":null,\"tools\":[],\"messages\":[{\"role\":\"user\"}]",
        "\"messages\":[7]",
      })
  void nothingToMark_leavesTheBytes(String fields) {
    assertThat(messages(body(fields), Breakpoints.CONVERSATION).sent()).isEqualTo(body(fields));
  }

  @Test
  void routeThatWritesTheSystemPrompt_getsNone_andCountingNeither() {
    String fields = "\"system\":\"a\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]";
    assertThat(messages(body(fields), Breakpoints.CONVERSATION).set("system", "\"b\"").sent())
        .doesNotContain(MARK);
    assertThat(
            Wire.call(Dialect.ANTHROPIC, Endpoint.COUNT_TOKENS, body(fields))
                .breakpoints(Breakpoints.CONVERSATION)
                .sent())
        .doesNotContain(MARK);
  }

  @Test
  void otherClients_areMarkedInTheTargetsWords() {
    String chat =
        "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"system\",\"content\":\"rules\"},"
            + "{\"role\":\"user\",\"content\":\"x\"}],\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]}";
    String claude =
        Wire.call(Dialect.ANTHROPIC, Endpoint.CHAT, chat)
            .model("claude-sonnet-4-5")
            .breakpoints(Breakpoints.CONVERSATION)
            .sent();
    assertThat(claude)
        .contains("\"system\":[{\"type\":\"text\",\"text\":\"rules\"," + MARK + "}]")
        .contains("[{\"type\":\"text\",\"text\":\"x\"," + MARK + "}]");
    assertThat(claude.split("cache_control", -1)).hasSize(3);
    String converse =
        Wire.call(Dialect.BEDROCK, Endpoint.CHAT, chat)
            .model("amazon.nova-pro-v1:0")
            .breakpoints(Breakpoints.CONVERSATION)
            .sent();
    assertThat(converse)
        .contains("[{\"text\":\"rules\"},{\"cachePoint\":{\"type\":\"default\"}}]")
        .contains("[{\"text\":\"x\"},{\"cachePoint\":{\"type\":\"default\"}}]");
  }

  @ParameterizedTest
  @EnumSource(
      value = Dialect.class,
      names = {"OPENAI", "GEMINI", "COHERE"})
  void otherTargets_areNeverChanged(Dialect dialect) {
    String chat =
        "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"system\",\"content\":\"rules\"},"
            + "{\"role\":\"user\",\"content\":\"x\"}]}";
    assertThat(Wire.call(dialect, Endpoint.CHAT, chat).breakpoints(Breakpoints.CONVERSATION).sent())
        .isEqualTo(Wire.call(dialect, Endpoint.CHAT, chat).sent());
  }
}

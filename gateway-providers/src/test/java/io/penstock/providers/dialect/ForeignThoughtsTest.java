package io.penstock.providers.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.providers.Breakpoints;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Histories whose thoughts another provider had; every other byte stays, but for white space
 * between the fields of a chat message that had some.
 */
class ForeignThoughtsTest {
  private static final String SIGNED =
      "{\"type\":\"thinking\",\"thinking\":\"a\",\"signature\":\"penstock.gemini.c2ln\"}";
  private static final String OPAQUE =
      "{\"type\":\"redacted_thinking\",\"data\":\"penstock.bedrock.AA==\"}";
  private static final String OWN =
      "{\"type\":\"thinking\",\"thinking\":\"penstock.x\",\"signature\":\"EqQB\"}";
  private static final String TEXT = "{ \"type\":\"text\",\"text\":\"See penstock.gemini.\" }";

  private static String messages(String content) {
    return "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"x\"} ,"
        + "{\"role\":\"assistant\",\"content\":["
        + content
        + "]}, {\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"y\"}]}]}";
  }

  private static String sent(Dialect dialect, Endpoint endpoint, String body) {
    return sent(dialect, endpoint, body, "m");
  }

  private static String sent(Dialect dialect, Endpoint endpoint, String body, String model) {
    return Wire.call(dialect, endpoint, body).model(model).sent();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "F,T     | T",
        "T,F   | T",
        "F,R,T | T",
        "T,F,R,O | T,O",
        "F,T,R,O,F | T,O",
        "O,T | O,T",
      })
  void messages_foreignBlocks_goWithTheirCommas(String before, String after) {
    assertThat(sent(Dialect.ANTHROPIC, Endpoint.MESSAGES, messages(blocks(before))))
        .isEqualTo(messages(blocks(after)));
  }

  private static String blocks(String letters) {
    return letters
        .replace("F", "\u0001")
        .replace("R", "\u0002")
        .replace("O", "\u0003")
        .replace("T", "\u0004")
        .replace("\u0001", SIGNED)
        .replace("\u0002", OPAQUE)
        .replace("\u0003", OWN)
        .replace("\u0004", TEXT);
  }

  @Test
  void messages_turnOfForeignThoughtsAlone_goesWhole_marksStay() {
    String body =
        Wire.call(Dialect.ANTHROPIC, Endpoint.MESSAGES, messages(SIGNED + "," + OPAQUE))
            .model("m")
            .breakpoints(Breakpoints.CONVERSATION)
            .sent();

    assertThat(body)
        .contains(
            "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}, {\"role\":\"user\",\"content\":"
                + "[{\"type\":\"text\",\"text\":\"y\",\"cache_control\"");
  }

  private static String chat(String thoughts, String signature) {
    return "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"on penstock.x\"},"
        + "{\"role\":\"assistant\",\"content\":\"y\""
        + thoughts
        + ",\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"f\","
        + "\"arguments\":\"{}\"}"
        + signature
        + "},{\"id\":\"b\"}]} ,{\"role\":\"tool\",\"tool_call_id\":\"a\",\"content\":\"4\"}]}";
  }

  private static String google(String signature) {
    return ",\"extra_content\":{\"google\":{\"thought_signature\":\"" + signature + "\"}}";
  }

  private static String details(String field, String proof) {
    return ",\"reasoning_details\":[{\"type\":\"x\",\"" + field + "\":\"" + proof + "\"}]";
  }

  @Test
  void chat_foreignThoughtsAndSignatures_go_ownStay() {
    String thought = ",\"reasoning_content\":\"hm\"";
    String signed =
        chat(
            thought + details("signature", "penstock.anthropic.EqQB"),
            google("penstock.gemini.c2ln"));
    String opaque = chat(details("data", "penstock.bedrock.AA"), "");
    String own = chat(thought + details("signature", "EqQB"), google("c2ln"));

    assertThat(sent(Dialect.OPENAI, Endpoint.CHAT, signed)).isEqualTo(chat("", ""));
    assertThat(sent(Dialect.OPENAI, Endpoint.CHAT, opaque)).isEqualTo(chat("", ""));
    assertThat(sent(Dialect.OPENAI, Endpoint.CHAT, own)).isEqualTo(own);
  }

  private static final String USE =
      "{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\",\"input\":{}}";
  private static final String RESULT =
      "{\"type\":\"tool_result\",\"tool_use_id\":\"a\",\"content\":\"4\"}";
  private static final String BUDGET = "{\"type\":\"enabled\",\"budget_tokens\":1024}";

  private static Wire.Call loop(Dialect dialect, String thinking, String said, String answer) {
    String body =
        "{\"model\":\"m\",\"max_tokens\":2000,\"thinking\":"
            + thinking
            + ",\"context_management\":{\"edits\":[{\"type\":\"clear_thinking_20251015\"}]},"
            + "\"messages\":[{\"role\":\"user\",\"content\":\"x\"},{\"role\":\"assistant\",\"content\":["
            + said
            + "]},{\"role\":\"user\",\"content\":["
            + answer
            + "]}]}";
    return Wire.call(dialect, Endpoint.MESSAGES, body).model("anthropic.claude-sonnet-4-5-v1:0");
  }

  @ParameterizedTest
  @CsvSource({"ANTHROPIC", "BEDROCK"})
  void messages_toolLoopThatLostItsThoughts_goesOnWithoutABudget(Dialect dialect) {
    Wire.Call call = loop(dialect, BUDGET, SIGNED + "," + TEXT + "," + USE, RESULT);

    assertThat(call.sent())
        .contains("\"thinking\":{\"type\":\"disabled\"}")
        .doesNotContain("budget_tokens")
        .doesNotContain("context_management");
    assertThat(call.attempt().dropped()).containsExactly("thinking", "context_management");
  }

  @Test
  void messages_budgetOfTheRoute_isLeftOutOfSuchALoopToo() {
    Wire.Call call =
        loop(Dialect.ANTHROPIC, "null", SIGNED + "," + USE, RESULT).set("thinking", BUDGET);

    assertThat(call.sent()).contains("\"thinking\":{\"type\":\"disabled\"}");
    assertThat(call.attempt().dropped()).contains("thinking");
  }

  @Test
  void messages_thinkingThatMayStay_stays() {
    // It needs no thoughts before a call; an own thought is there; the loop is over.
    for (Wire.Call call :
        new Wire.Call[] {
          loop(Dialect.ANTHROPIC, "{\"type\":\"adaptive\"}", SIGNED + "," + USE, RESULT),
          loop(Dialect.ANTHROPIC, BUDGET, SIGNED + "," + OWN + "," + USE, RESULT),
          loop(Dialect.ANTHROPIC, BUDGET, SIGNED + "," + TEXT, TEXT),
          loop(Dialect.ANTHROPIC, BUDGET, USE, RESULT)
        }) {
      assertThat(call.sent()).doesNotContain("disabled").contains("clear_thinking");
      assertThat(call.attempt().dropped()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"penstock.anthropic.EqQB", "opaque.penstock.anthropic.AA=="})
  void generate_foreignThoughts_go(String signature) {
    String base64 = Base64.getEncoder().encodeToString(signature.getBytes(StandardCharsets.UTF_8));
    String call = "{\"functionCall\":{\"name\":\"f\",\"args\":{}},\"thoughtSignature\":\"c2ln\"}";
    String head = "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"x\"}]},";

    assertThat(
            sent(
                Dialect.GEMINI,
                Endpoint.GENERATE,
                head
                    + "{\"role\":\"model\",\"parts\":[{\"text\":\"\",\"thought\":true,\"thoughtSignature\":\""
                    + base64
                    + "\"},"
                    + call
                    + "]}]}"))
        .isEqualTo(head + "{\"role\":\"model\",\"parts\":[" + call + "]}]}");
  }

  @ParameterizedTest
  @CsvSource({"penstock.anthropic.EqQB", "opaque.penstock.anthropic.AA==", "penstock.openai."})
  void responses_foreignReasoning_goes(String proof) {
    String head = "{\"model\":\"m\",\"input\":[{\"role\":\"user\",\"content\":\"x\"}";
    String own =
        ",{\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":\"gAAA\"},"
            + "{\"role\":\"user\",\"content\":\"y\"}]}";

    assertThat(
            sent(
                Dialect.OPENAI,
                Endpoint.RESPONSES,
                head
                    + ",{\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":\""
                    + proof
                    + "\"}"
                    + own))
        .isEqualTo(head + own);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"\"signature\":\"\"", "\"signature\" : \"\"", "\"signature\":\"penstock.openai.\""})
  void messages_unsignedThoughts_go(String signature) {
    String unsigned = "{\"type\":\"thinking\",\"thinking\":\"a\"," + signature + "}";
    String body = messages(OWN + "," + unsigned + "," + TEXT).replace("\"m\"", "\"claude-m\"");

    assertThat(sent(Dialect.ANTHROPIC, Endpoint.MESSAGES, body, "claude-m"))
        .isEqualTo(messages(OWN + "," + TEXT).replace("\"m\"", "\"claude-m\""));
  }

  /** Others that speak as Claude does sign nothing, and want their thoughts back. */
  @Test
  void messages_unsignedThoughtsOfAnotherModel_stay() {
    String unsigned = "{\"type\":\"thinking\",\"thinking\":\"a\",\"signature\":\"\"}";
    String body = messages(unsigned + "," + TEXT);

    assertThat(sent(Dialect.ANTHROPIC, Endpoint.MESSAGES, body, "kimi-k2"))
        .isEqualTo(body.replace("\"model\":\"m\"", "\"model\":\"kimi-k2\""));
  }

  @Test
  void messages_emptySignatureInWhatIsSaid_staysAsItIs() {
    String call =
        "{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\",\"input\":{ \"signature\":\"\"}}";

    assertThat(sent(Dialect.ANTHROPIC, Endpoint.MESSAGES, messages(OWN + "," + call)))
        .isEqualTo(messages(OWN + "," + call));
  }

  private static final String PLACEHOLDER =
      "\"thoughtSignature\":\"skip_thought_signature_validator\",";

  private static String calls(String marked, String name) {
    return "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"\\\"functionCall\\\"\"}]},"
        // Two calls of one turn, kept in two contents.
        + "{\"role\":\"model\",\"parts\":[{\"text\":\"A\"}, {"
        + marked
        + "\""
        + name
        + "\":{\"name\":\"f\",\"args\":{}}}]},"
        + "{\"role\":\"model\",\"parts\":[{\""
        + name
        + "\":{\"name\":\"g\",\"args\":{}}}]},"
        + "{\"role\":\"user\",\"parts\":[{\"functionResponse\":{\"name\":\"f\",\"response\":{}}}]},"
        // A signed one of the next turn.
        + "{\"role\":\"model\",\"parts\":[{\""
        + name
        + "\":{\"name\":\"f\",\"args\":{}},\"thoughtSignature\":\"c2ln\"}]}]}";
  }

  @ParameterizedTest
  @CsvSource({
    "gemini-3-pro-preview, functionCall, true",
    "gemini-3.1-flash, function_call, true",
    "gemini-2.5-pro, functionCall, false"
  })
  void generate_callsOfAnotherProvider_getThePlaceholderFromGemini3On(
      String model, String name, boolean marked) {
    String sent = Wire.call(Dialect.GEMINI, Endpoint.GENERATE, calls("", name)).model(model).sent();

    assertThat(sent).isEqualTo(calls(marked ? PLACEHOLDER : "", name));
  }
}

package io.penstock.providers.translate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.providers.Answer;
import io.penstock.providers.Attempt;
import io.penstock.providers.translate.Rig.Client;
import io.penstock.providers.translate.Rig.Wish;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * A provider that counts its calls by the answer begins with one id each time; what is sent to
 * Claude of such a history stands in the rows.
 */
class CallIdsTest {
  private static final String ANSWER =
      "{\"id\":\"%s\",\"model\":\"m\",\"choices\":[{\"index\":0,\"finish_reason\":\"tool_calls\","
          + "\"%s\":{\"role\":\"assistant\",\"tool_calls\":["
          + "{\"index\":0,\"id\":\"call_0\",\"type\":\"function\",\"function\":{\"name\":\"f\","
          + "\"arguments\":\"{}\"}},{\"index\":1,\"id\":\"%s\",\"type\":\"function\",\"function\":"
          + "{\"name\":\"g\",\"arguments\":\"{}\"}}]}}],"
          + "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":3}}";
  private static final Pattern TOLD = Pattern.compile("\"type\":\"tool_use\",\"id\":\"([^\"]+)\"");

  private static String history(List<String> ids) {
    ObjectNode request = Trees.object().put("model", "m").put("max_tokens", 9);
    ArrayNode messages = request.putArray("messages");
    messages.addObject().put("role", "user").put("content", "hi");
    for (String id : ids) {
      ObjectNode call =
          messages.addObject().put("role", "assistant").putArray("content").addObject();
      call.put("type", "tool_use").put("id", id).put("name", "f").putObject("input");
      ObjectNode result = messages.addObject().put("role", "user").putArray("content").addObject();
      result.put("type", "tool_result").put("tool_use_id", id).put("content", "1");
    }
    return Trees.string(request);
  }

  private static List<String> whole(List<String> history, String answer, String second) {
    Attempt attempt = Rig.attempt(Endpoint.MESSAGES, Dialect.OPENAI, history(history), Wish.PLAIN);
    Answer told = Rig.unary(attempt, ANSWER.formatted(answer, "message", second));
    JsonNode message = Trees.answer(told.body().toString(StandardCharsets.UTF_8));
    told.body().release();
    return message.path("content").findValuesAsText("id");
  }

  private static List<String> streamed(List<String> history, String answer, String second) {
    Attempt attempt = Rig.attempt(Endpoint.MESSAGES, Dialect.OPENAI, history(history), Wish.STREAM);
    String events = "data: " + ANSWER.formatted(answer, "delta", second) + "\n\ndata: [DONE]\n\n";
    Client client = Rig.stream(attempt, events.getBytes(StandardCharsets.UTF_8));
    assertThat(client.failed).isNull();
    List<String> ids = new ArrayList<>();
    for (Matcher told = TOLD.matcher(client.text()); told.find(); ) {
      ids.add(told.group(1));
    }
    return ids;
  }

  @Test
  void messagesClient_idsThatTheHistoryDoesNotHave_areTheProviders() {
    assertThat(whole(List.of(), "c", "call_1")).containsExactly("call_0", "call_1");
    assertThat(streamed(List.of("call_2"), "c", "call_1")).containsExactly("call_0", "call_1");
  }

  @Test
  void messagesClient_idOfTheHistory_isReplacedAsOneThatIsMissing() {
    String missing = AnswerWriter.callId("", "msg_c", 0, 0);

    assertThat(whole(List.of("call_0"), "c", "call_1")).containsExactly(missing, "call_1");
    assertThat(streamed(List.of("call_0"), "c", "call_1")).containsExactly(missing, "call_1");
  }

  /** Answers may be of one id, too. */
  @Test
  void messagesClient_everyTurnOfAConversation_hasIdsOfItsOwn() {
    List<String> history = new ArrayList<>();
    for (int turn = 0; turn < 4; turn++) {
      List<String> told = whole(history, "chatcmpl-9", "call_1");
      assertThat(streamed(history, "chatcmpl-9", "call_1")).isEqualTo(told);
      history.addAll(told);
    }
    assertThat(history)
        .hasSize(8)
        .doesNotHaveDuplicates()
        .allMatch(id -> RequestWriter.plainId(id).equals(id));
  }

  @Test
  void messagesClient_twoCallsOfOneId_areTold() {
    assertThat(streamed(List.of(), "c", "call_0")).hasSize(2).doesNotHaveDuplicates();
    assertThat(whole(List.of(), "c", "call_0")).hasSize(2).doesNotHaveDuplicates();
  }

  @Test
  void manyUsesOfOneId_areTold() {
    List<String> ids = new ArrayList<>();
    CallIds written = new CallIds();
    for (int use = 0; use < 20_000; use++) {
      ids.add(written.ofCall("call_0"));
      assertThat(written.ofResult("call_0")).isEqualTo(ids.getLast());
    }

    assertThat(ids).doesNotHaveDuplicates().startsWith("call_0", "call_0_2", "call_0_3");
  }

  @Test
  void callsOfOneAnswerThatShareAnId_haveAResultEach() {
    CallIds ids = new CallIds();
    String first = ids.ofCall("call_0");
    String second = ids.ofCall("call_0");
    assertThat(first).isNotEqualTo(second);
    assertThat(ids.ofResult("call_0")).isEqualTo(first);
    assertThat(ids.ofResult("call_0")).isEqualTo(second);
    String third = ids.ofCall("call_0");
    assertThat(ids.ofResult("call_0")).isEqualTo(third);
    assertThat(ids.ofResult("call_0")).as("one too many").isEqualTo(third);
  }
}

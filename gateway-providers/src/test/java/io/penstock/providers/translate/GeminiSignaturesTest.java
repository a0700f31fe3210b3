package io.penstock.providers.translate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.providers.translate.Rig.Wish;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Gemini's signatures come back on the parts that had them, through clients of other dialects. */
class GeminiSignaturesTest {
  private static final Wish THREE = Wish.model("gemini-3-pro-preview");

  private static ObjectNode request(Endpoint client) {
    String name = client == Endpoint.CHAT ? "chat" : client.label();
    return Trees.answer(RowsTest.PLAIN.getOrDefault(name, ""));
  }

  private static ObjectNode answer(Endpoint client, String parts, boolean stream) {
    String said =
        "{\"candidates\":[{\"content\":{\"parts\":" + parts + "},\"finishReason\":\"STOP\"}]}";
    var attempt =
        Rig.attempt(
            client,
            Dialect.GEMINI,
            request(client).toString(),
            stream ? new Wish(true, false, false, null, THREE.model()) : THREE);
    if (stream) {
      byte[] events = ("data: " + said + "\n\n").getBytes(StandardCharsets.UTF_8);
      byte[] got = Rig.stream(attempt, events).text().getBytes(StandardCharsets.UTF_8);
      return Trees.answer(Objects.requireNonNull(Replay.aggregate(client, got)));
    }
    var whole = Rig.unary(attempt, said);
    String text = whole.body().toString(StandardCharsets.UTF_8);
    whole.body().release();
    return Trees.answer(text);
  }

  /** Returns the next request, in which the call c, if there is one, has a result. */
  private static ObjectNode next(Endpoint client, ObjectNode answer, boolean called) {
    ObjectNode request = request(client);
    switch (client) {
      case CHAT -> {
        ArrayNode messages = Trees.arrayIn(request, "messages");
        messages.add(answer.at("/choices/0/message"));
        ObjectNode last = messages.addObject().put("role", called ? "tool" : "user");
        last.put("content", "4");
        if (called) {
          last.put("tool_call_id", "c");
        }
      }
      case MESSAGES -> {
        ArrayNode messages = Trees.arrayIn(request, "messages");
        messages.addObject().put("role", "assistant").set("content", answer.path("content"));
        ObjectNode block = messages.addObject().put("role", "user").putArray("content").addObject();
        if (called) {
          block.put("type", "tool_result").put("tool_use_id", "c").put("content", "4");
        } else {
          block.put("type", "text").put("text", "4");
        }
      }
      default -> {
        ArrayNode input = request.putArray("input");
        input.addObject().put("role", "user").put("content", "Hi");
        answer.path("output").forEach(input::add);
        if (called) {
          input
              .addObject()
              .put("type", "function_call_output")
              .put("call_id", "c")
              .put("output", "4");
        } else {
          input.addObject().put("role", "user").put("content", "4");
        }
      }
    }
    return request;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[{'text':'hey','thoughtSignature':'U1Q='}]",
        "[{'text':'hey','thoughtSignature':'U1Q='},{'functionCall':{'id':'c','name':'n','args':{}},'thoughtSignature':'U0c='}]",
        "[{'text':'hey'},{'functionCall':{'id':'c','name':'n','args':{}},'thoughtSignature':'U0c='}]",
      })
  void signatureOfAText_comesBackOnIt(String parts) {
    String said = parts.replace('\'', '"');
    boolean called = parts.contains("functionCall");
    for (Endpoint client : new Endpoint[] {Endpoint.CHAT, Endpoint.RESPONSES, Endpoint.MESSAGES}) {
      for (boolean stream : new boolean[] {false, true}) {
        ObjectNode second = next(client, answer(client, said, stream), called);

        JsonNode sent = Rig.sent(client, Dialect.GEMINI, second.toString(), THREE);

        assertThat(sent.at("/contents/1/parts"))
            .as("%s, streamed %s", client, stream)
            .isEqualTo(Trees.parse(said));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"RESPONSES", "MESSAGES"})
  void signatureOfAText_behindAThought_comesBackOnTheText(Endpoint client) {
    ObjectNode answer =
        answer(
            client,
            "[{\"text\":\"hm\",\"thought\":true},{\"text\":\"hey\",\"thoughtSignature\":\"U1Q=\"}]",
            false);

    JsonNode sent = Rig.sent(client, Dialect.GEMINI, next(client, answer, false).toString(), THREE);

    assertThat(sent.at("/contents/1/parts"))
        .isEqualTo(Trees.parse("[{\"text\":\"hey\",\"thoughtSignature\":\"U1Q=\"}]"));
  }

  /** Google's image models refuse an image of their own that comes back without its signature. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void signatureOfAnImage_comesBackOnIt(boolean stream) {
    String parts =
        "[{\"text\":\"Here\"},{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"iVBO\"},"
            + "\"thoughtSignature\":\"U0k=\"}]";

    ObjectNode second = next(Endpoint.CHAT, answer(Endpoint.CHAT, parts, stream), false);

    assertThat(sentToImages(second)).isEqualTo(Trees.parse(parts));
  }

  @Test
  void imageWithoutSignature_saysThatItHasNone() {
    String parts =
        "[{\"text\":\"Here\"},{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"iVBO\"}}]";

    ObjectNode second = next(Endpoint.CHAT, answer(Endpoint.CHAT, parts, false), false);

    assertThat(sentToImages(second).at("/1/thoughtSignature").asText())
        .isEqualTo("skip_thought_signature_validator");
    assertThat(sentToImages(second).at("/0").has("thoughtSignature")).isFalse();
    assertThat(
            Rig.sent(Endpoint.CHAT, Dialect.GEMINI, second.toString(), Wish.PLAIN)
                .at("/contents/1/parts"))
        .isEqualTo(Trees.parse(parts));
  }

  private static JsonNode sentToImages(ObjectNode request) {
    return Rig.sent(
            Endpoint.CHAT, Dialect.GEMINI, request.toString(), Wish.model("gemini-3-pro-image"))
        .at("/contents/1/parts");
  }
}

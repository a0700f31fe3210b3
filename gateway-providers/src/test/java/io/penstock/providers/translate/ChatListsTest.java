package io.penstock.providers.translate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.providers.translate.Rig.Wish;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/**
 * Lists that come in several chunks of a chat stream: OpenAI's SDKs put them together by {@code
 * index}, and fail without one.
 */
class ChatListsTest {
  private static String events(String... lines) {
    StringBuilder stream = new StringBuilder();
    for (String line : lines) {
      stream.append("data: ").append(line.replace('\'', '"')).append("\n\n");
    }
    return stream.toString();
  }

  private static String stream(Dialect provider, String bytes) {
    return Rig.stream(
            Rig.attempt(
                Endpoint.CHAT,
                provider,
                "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}",
                Wish.STREAM),
            bytes.getBytes(StandardCharsets.UTF_8))
        .text();
  }

  /** Returns the indexes in the order of the chunks. */
  private static List<Integer> indexes(String stream, String list) {
    List<Integer> indexes = new ArrayList<>();
    for (String line : stream.split("\n", -1)) {
      if (line.startsWith("data: {")) {
        JsonNode entries = Trees.answer(line.substring(6)).at("/choices/0/delta/" + list);
        entries.forEach(entry -> indexes.add(entry.path("index").asInt(-1)));
      }
    }
    return indexes;
  }

  private static JsonNode message(String stream) {
    byte[] whole = Replay.aggregate(Endpoint.CHAT, stream.getBytes(StandardCharsets.UTF_8));
    return Trees.answer(Objects.requireNonNull(whole)).at("/choices/0/message");
  }

  private static final String START =
      "{'type':'message_start','message':{'id':'m','model':'c','usage':{}}}";
  private static final String[] END = {
    "{'type':'message_delta','delta':{'stop_reason':'end_turn'}}", "{'type':'message_stop'}"
  };

  private static String block(int index, String start, String... deltas) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "{'type':'content_block_start','index':" + index + ",'content_block':{" + start + "}}");
    for (String delta : deltas) {
      lines.add("{'type':'content_block_delta','index':" + index + ",'delta':{" + delta + "}}");
    }
    lines.add("{'type':'content_block_stop','index':" + index + "}");
    return events(lines.toArray(String[]::new));
  }

  private static String thought(int index) {
    return block(
        index,
        "'type':'thinking','thinking':'','signature':''",
        "'type':'thinking_delta','thinking':'t" + index + "'",
        "'type':'signature_delta','signature':'S" + index + "'");
  }

  private static String cited(int index, String citation) {
    return block(
        index,
        "'type':'text','text':''",
        "'type':'text_delta','text':'x'",
        "'type':'citations_delta','citation':{" + citation + "}");
  }

  @Test
  void reasoningDetails_ofSeveralThoughts_countUp() {
    String stream =
        stream(
            Dialect.ANTHROPIC,
            events(START)
                + thought(0)
                + block(1, "'type':'text','text':'x'")
                + thought(2)
                + block(3, "'type':'redacted_thinking','data':'b3A='")
                + events(END));

    assertThat(indexes(stream, "reasoning_details")).containsExactly(0, 1, 2);
    assertThat(message(stream).path("reasoning_details"))
        .extracting(detail -> detail.path("index").asInt(-1))
        .containsExactly(0, 1, 2);
  }

  @Test
  void citations_ofEachKind_countUp_inTheStreamOnly() {
    String web = "'type':'web_search_result_location','cited_text':'c','url':'http://";
    String document =
        "'type':'char_location','document_index':0,'document_title':'A','cited_text':'c',"
            + "'start_char_index':0,'end_char_index':1";
    String stream =
        stream(
            Dialect.ANTHROPIC,
            events(START)
                + cited(0, web + "a','title':'A'")
                + cited(1, document)
                + cited(2, web + "b','title':'B'")
                + cited(3, document)
                + events(END));

    assertThat(indexes(stream, "annotations")).containsExactly(0, 1);
    assertThat(indexes(stream, "citations")).containsExactly(0, 1);
    assertThat(message(stream).path("annotations"))
        .hasSize(2)
        .noneMatch(annotation -> annotation.has("index"));
  }

  @Test
  void images_countUp_inEachChoice() {
    String image =
        "{'candidates':[{'index':%d,'content':{'parts':[{'inlineData':"
            + "{'mimeType':'image/png','data':'AAAA'}}]}}]}";
    String stream =
        stream(
            Dialect.GEMINI,
            events(
                image.formatted(0),
                image.formatted(1),
                image.formatted(0),
                "{'candidates':[{'index':0,'finishReason':'STOP'},{'index':1,'finishReason':'STOP'}]}"));

    assertThat(indexes(stream, "images")).containsExactly(0, 0, 1);
  }
}

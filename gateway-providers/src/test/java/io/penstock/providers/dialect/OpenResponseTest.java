package io.penstock.providers.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.body.BodyMemory;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Closing;
import io.penstock.providers.Failure;
import io.penstock.providers.StreamReader;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Streams of Responses that the gateway ends before their time. */
class OpenResponseTest {
  private static final String CREATED =
      "{'type':'response.created','sequence_number':0,'response':{'id':'resp_1','created_at':17,"
          + "'model':'gpt-5','metadata':{'id':'theirs'},'output':[]}}";
  private static final String THOUGHT =
      "{'type':'response.output_item.done','sequence_number':1,'output_index':0,"
          + "'item':{'id':'rs_1','type':'reasoning','summary':[]}}";
  private static final String MESSAGE =
      "{'type':'response.output_item.added','sequence_number':2,'output_index':1,'item':{"
          + "'id':'msg_1','type':'message','role':'assistant','status':'in_progress','content':[]}}";
  private static final String PART =
      "{'type':'response.content_part.added','sequence_number':3,'item_id':'msg_1',"
          + "'output_index':1,'content_index':0,'part':{'type':'output_text','text':'',"
          + "'annotations':[]}}";

  private static final StreamReader.Sink IGNORED =
      new StreamReader.Sink() {
        @Override
        public void emit(ByteBuf bytes, boolean content) {
          bytes.release();
        }

        @Override
        public @Nullable String settle(AnswerSummary summary) {
          return null;
        }

        @Override
        public void fail(Failure failure) {
          throw new AssertionError(failure);
        }
      };

  private static String delta(String type, String text) {
    return "{'type':'response." + type + ".delta','sequence_number':4,'delta':'" + text + "'}";
  }

  /** Returns the events with which the gateway ends a stream that came so far. */
  private static List<JsonNode> closed(String... events) {
    try (StreamReader reader =
        Wire.call(Dialect.OPENAI, Endpoint.RESPONSES, "{\"stream\":true}")
            .attempt()
            .streamReader(UnpooledByteBufAllocator.DEFAULT, IGNORED)) {
      for (String event : events) {
        String data = "data: " + event.replace('\'', '"') + "\n\n";
        reader.read(Unpooled.wrappedBuffer(data.getBytes(UTF_8)));
      }
      ByteBuf last = reader.closing(new Closing.Shortened("length"), "{\"cut\":\"x\"}");
      List<JsonNode> told = new ArrayList<>();
      last.toString(UTF_8)
          .lines()
          .filter(line -> line.startsWith("data: "))
          .forEach(line -> {
            byte[] json = line.substring(6).getBytes(UTF_8);
            told.add(JsonTrees.read(json, 0, json.length));
          });
      assertThat(last.toString(UTF_8))
          .contains(": penstock {\"cut\":\"x\"}\n\nevent: response.incomplete\n");
      last.release();
      return told;
    }
  }

  @Test
  void cutInAText_closesWhatIsOpen() {
    List<JsonNode> last =
        closed(
            CREATED,
            THOUGHT,
            MESSAGE,
            PART,
            delta("output_text", "Hel\\n"),
            delta("output_text", "lo \u00e4"));

    assertThat(last)
        .extracting(event -> event.path("type").asText())
        .containsExactly(
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.incomplete");
    assertThat(last)
        .extracting(event -> event.path("sequence_number").asInt())
        .containsExactly(6, 7, 8, 9);
    assertThat(last.get(0).path("text").asText()).isEqualTo("Hel\nlo \u00e4");
    assertThat(last.get(0).path("item_id").asText()).isEqualTo("msg_1");
    assertThat(last.get(1).at("/part/text").asText()).isEqualTo("Hel\nlo \u00e4");
    assertThat(last.get(2).at("/item/status").asText()).isEqualTo("incomplete");
    JsonNode response = last.get(3).path("response");
    assertThat(response.path("id").asText()).isEqualTo("resp_1");
    assertThat(response.path("created_at").asLong()).isEqualTo(17);
    assertThat(response.path("model").asText()).isEqualTo("gpt-5");
    assertThat(response.path("usage").isNull()).isTrue();
    assertThat(response.at("/incomplete_details/reason").asText()).isEqualTo("max_output_tokens");
    assertThat(response.at("/output/0/id").asText()).isEqualTo("rs_1");
    assertThat(response.at("/output/1")).isEqualTo(last.get(2).path("item"));
    assertThat(response.at("/output/1/content/0/text").asText()).isEqualTo("Hel\nlo \u00e4");
  }

  @Test
  void cutBehindAPart_orInACall_itemIsIncomplete() {
    List<JsonNode> part =
        closed(
            CREATED,
            MESSAGE,
            PART,
            delta("output_text", "All"),
            "{'type':'response.content_part.done','output_index':1,'content_index':0,"
                + "'part':{'type':'output_text','text':'All'}}");
    List<JsonNode> call =
        closed(
            CREATED,
            "{'type':'response.output_item.added','output_index':0,'item':{'id':'fc_1',"
                + "'type':'function_call','call_id':'c','name':'f','arguments':''}}",
            delta("function_call_arguments", "{\\'a"));

    assertThat(part).hasSize(2);
    assertThat(part.get(1).at("/response/output/0/content/0/text").asText()).isEqualTo("All");
    assertThat(call).hasSize(2);
    assertThat(call.get(0).at("/item/arguments").asText()).isEqualTo("{\"a");
    assertThat(call.get(1).at("/response/output/0/status").asText()).isEqualTo("incomplete");
  }

  @Test
  void cutInASummary_closesIt() {
    List<JsonNode> last =
        closed(
            CREATED,
            "{'type':'response.output_item.added','output_index':0,'item':{'id':'rs_1',"
                + "'type':'reasoning','summary':[]}}",
            "{'type':'response.reasoning_summary_part.added','item_id':'rs_1','output_index':0,"
                + "'summary_index':0,'part':{'type':'summary_text','text':''}}",
            delta("reasoning_summary_text", "Hm"));

    assertThat(last)
        .extracting(event -> event.path("type").asText())
        .containsExactly(
            "response.reasoning_summary_text.done",
            "response.reasoning_summary_part.done",
            "response.output_item.done",
            "response.incomplete");
    assertThat(last.get(2).at("/item/summary/0/text").asText()).isEqualTo("Hm");
  }

  @Test
  void longText_isTheBeginning() {
    String piece = "x".repeat(1000);
    List<String> events = new ArrayList<>(List.of(CREATED, MESSAGE, PART));
    for (int i = 0; i < 100; i++) {
      events.add(delta("output_text", piece));
    }

    List<JsonNode> last = closed(events.toArray(String[]::new));

    assertThat(last).hasSize(4);
    assertThat(last.get(0).path("text").asText()).hasSize(16_000).matches("x+");
  }

  @Test
  void nothingBegun_isIncompleteNevertheless() {
    List<JsonNode> last = closed(CREATED);

    assertThat(last).hasSize(1);
    assertThat(last.getFirst().at("/response/output").isEmpty()).isTrue();
  }

  /** Thousands of streams may be open at once: each keeps little, and asks for it. */
  @Test
  void memory_isAskedForAndBounded_andGivenBack() {
    BodyMemory memory = new BodyMemory(1 << 20);
    OpenResponse open = new OpenResponse(memory);
    byte[] piece = "words ".repeat(100).getBytes(UTF_8);
    for (int i = 0; i < 10_000; i++) {
      open.text(piece, 0, piece.length);
    }
    assertThat(memory.held()).isLessThanOrEqualTo(16 << 10);
    byte[] done = MESSAGE.replace(".added", ".done").replace('\'', '"').getBytes(UTF_8);
    for (int i = 0; i < 1_000; i++) {
      open.event("response.output_item.done", done, 0, done.length);
    }
    assertThat(memory.held()).isBetween(60L << 10, 80L << 10);
    String before = open.closing(1, "length", "m", "");
    open.close();
    assertThat(memory.held()).isZero();
    assertThat(open.closing(1, "length", "m", "")).as("what there is").isEqualTo(before);
    assertThat(new OpenResponse(new BodyMemory(0)).closing(1, "length", "m", "")).contains("[]");
  }
}

package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** In every dialect a stream and a unary call share an entry; a hit is whole in the shape asked. */
@ExtendWith(LeakCheck.class)
class CacheDialectsTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String RESPONSE =
      "{\"id\":\"resp_1\",\"object\":\"response\",\"created_at\":1,\"status\":\"completed\","
          + "\"model\":\"gpt-4o-mini\",\"output\":[{\"type\":\"message\",\"id\":\"msg_1\","
          + "\"status\":\"completed\",\"role\":\"assistant\",\"content\":[{\"type\":"
          + "\"output_text\",\"text\":\"Hello there\",\"annotations\":[]}]}],"
          + "\"usage\":{\"input_tokens\":10,\"input_tokens_details\":{\"cached_tokens\":0},"
          + "\"output_tokens\":3,\"output_tokens_details\":{\"reasoning_tokens\":0},"
          + "\"total_tokens\":13}}";

  private static final FakeProvider PROVIDER = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway =
      GatewayExtension.of(PROVIDER, "cache: { exact: { ttl: 1h } }");

  private int asked;

  private HttpResponse<String> miss(String path, String body) {
    asked++;
    return ask(path, body, "miss");
  }

  private HttpResponse<String> hit(String path, String body) {
    return ask(path, body, "exact");
  }

  private HttpResponse<String> ask(String path, String body, String cache) {
    HttpResponse<String> response = gateway.post(path, body);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    assertThat(response.headers().firstValue("x-penstock-cache")).as(body).hasValue(cache);
    assertThat(PROVIDER.requests()).hasSize(asked);
    return response;
  }

  private static JsonNode json(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new AssertionError(text, e);
    }
  }

  /** Reads server-sent events to the letter: nothing but known lines, each event complete. */
  private static List<JsonNode> events(HttpResponse<String> response) {
    assertThat(response.headers().firstValue("content-type").orElse(""))
        .startsWith("text/event-stream");
    assertThat(response.body()).endsWith("\n\n");
    List<JsonNode> events = new ArrayList<>();
    for (String event : response.body().split("\n\n")) {
      String type = "";
      for (String line : event.split("\n")) {
        if (line.startsWith("event: ")) {
          type = line.substring(7);
        } else if (line.startsWith("data: ") && !line.equals("data: [DONE]")) {
          JsonNode data = json(line.substring(6));
          assertThat(type).isIn("", data.path("type").asText());
          events.add(data);
        } else {
          assertThat(line).matches("data: \\[DONE]|: .*");
        }
      }
    }
    return events;
  }

  private static List<String> types(List<JsonNode> events) {
    return events.stream().map(event -> event.path("type").asText()).distinct().toList();
  }

  @Test
  void messages_shareAnEntry() {
    String path = "/v1/messages";
    String body =
        "{\"model\":\"gpt-4o-mini\",\"max_tokens\":100,"
            + "\"messages\":[{\"role\":\"user\",\"content\":\"first\"}]}";
    String stream = body.replace("{\"model\"", "{\"stream\":true,\"model\"");
    String text = json(miss(path, body).body()).at("/content/0/text").asText();
    List<JsonNode> events = events(hit(path, stream));
    assertThat(types(events))
        .containsExactly(
            "message_start",
            "content_block_start",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop");
    assertThat(events.get(2).at("/delta/text").asText()).isEqualTo(text).isNotEmpty();
    assertThat(events.get(events.size() - 2).at("/usage/output_tokens").asLong()).isPositive();

    String other = stream.replace("first", "second");
    miss(path, other);
    JsonNode whole = json(hit(path, body.replace("first", "second")).body());
    assertThat(whole.path("type").asText()).isEqualTo("message");
    assertThat(whole.at("/content/0/text").asText()).isEqualTo(text);
    assertThat(whole.at("/usage/input_tokens").asLong()).isPositive();
    assertThat(whole.at("/usage/output_tokens").asLong()).isPositive();
  }

  @Test
  void gemini_shareAnEntry_eventsAndArrayToo() {
    String model = "/v1beta/models/gpt-4o-mini:";
    String body = "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"first\"}]}]}";
    String at = "/candidates/0/content/parts/0/text";
    JsonNode first = json(miss(model + "generateContent", body).body());
    String text = first.at(at).asText();
    assertThat(text).isNotEmpty();
    List<JsonNode> events = events(hit(model + "streamGenerateContent?alt=sse", body));
    assertThat(events.getLast().at(at).asText()).isEqualTo(text);
    assertThat(events.getLast().at("/candidates/0/finishReason").asText()).isEqualTo("STOP");
    assertThat(events.getLast().at("/usageMetadata/candidatesTokenCount").asLong()).isPositive();
    JsonNode array = json(hit(model + "streamGenerateContent", body).body());
    assertThat(array.isArray()).isTrue();
    assertThat(array.get(array.size() - 1).at(at).asText()).isEqualTo(text);

    String other = body.replace("first", "second");
    miss(model + "streamGenerateContent?alt=sse", other);
    JsonNode whole = json(hit(model + "generateContent", other).body());
    assertThat(whole.at(at).asText()).isEqualTo(text);
    assertThat(whole.at("/usageMetadata/promptTokenCount").asLong()).isPositive();
    assertThat(whole.toString()).doesNotContain("cost_usd");
  }

  @Test
  void responses_shareAnEntry() {
    String path = "/v1/responses";
    String body = "{\"model\":\"gpt-4o-mini\",\"store\":false,\"input\":\"first\"}";
    String stream = body.replace("{\"model\"", "{\"stream\":true,\"model\"");
    PROVIDER.on(path).reply(Script.json(RESPONSE));
    assertThat(miss(path, body).body()).contains("Hello there");
    List<JsonNode> events = events(hit(path, stream));
    assertThat(types(events))
        .startsWith("response.created")
        .contains("response.output_item.added", "response.output_text.delta")
        .endsWith("response.completed");
    for (int i = 0; i < events.size(); i++) {
      assertThat(events.get(i).path("sequence_number").asInt(-1)).isEqualTo(i);
    }
    JsonNode completed = events.getLast().path("response");
    assertThat(completed.at("/usage/output_tokens").asInt()).isEqualTo(3);
    assertThat(completed.at("/output/0/content/0/text").asText()).isEqualTo("Hello there");

    PROVIDER
        .on(path)
        .reply(
            Script.sse(
                "event: response.created\ndata: {\"type\":\"response.created\","
                    + "\"sequence_number\":0,\"response\":{\"id\":\"resp_1\",\"status\":"
                    + "\"in_progress\",\"output\":[]}}",
                "event: response.output_text.delta\ndata: {\"type\":"
                    + "\"response.output_text.delta\",\"sequence_number\":1,\"item_id\":\"msg_1\","
                    + "\"output_index\":0,\"content_index\":0,\"delta\":\"Hello there\"}",
                "event: response.completed\ndata: {\"type\":\"response.completed\","
                    + "\"sequence_number\":2,\"response\":"
                    + RESPONSE
                    + "}"));
    miss(path, stream.replace("first", "second"));
    JsonNode whole = json(hit(path, body.replace("first", "second")).body());
    assertThat(whole.path("object").asText()).isEqualTo("response");
    assertThat(whole.at("/output/0/content/0/text").asText()).isEqualTo("Hello there");
    assertThat(whole.at("/usage/total_tokens").asInt()).isEqualTo(13);
    PROVIDER.on(path).reply(Script.json(RESPONSE));
    assertThat(gateway.post(path, body.replace("\"store\":false", "\"store\":true")).headers())
        .satisfies(headers -> assertThat(headers.firstValue("x-penstock-cache")).hasValue("off"));
  }
}

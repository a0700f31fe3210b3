package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A stream that its budget cuts short ends well in every dialect of a client, whether the provider
 * speaks it or not: as if the answer had been too long, with the reason, and charged as counted.
 */
@ExtendWith(LeakCheck.class)
class CutDialectsTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final int ENOUGH = 200;
  private static final int LONG = 4_000;
  private static final String POOR = "Bearer pk-support";

  private static final FakeProvider PROVIDER = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(CutDialectsTest::yaml, PROVIDER);

  private static String yaml(Path directory) {
    String more =
        """

          a: { dialect: anthropic, base_url: "%1$s", keys: [k], catalogue: openai }
          g: { dialect: gemini, base_url: "%1$s", keys: [k], catalogue: openai }
        models:
          chat: fake/gpt-4o-mini
          messages: a/gpt-4o-mini
          generate: g/gpt-4o-mini
        """
            .formatted(PROVIDER.url());
    // An answer at its longest may cost 0.0098 USD; 99 of 100 of those that are known fit.
    String budgets =
        "budgets: [{ name: tight, per: session, when: 'app != \"tests\"', limit: 0.001 USD }]\n"
            + "clamp: off";
    return RunningGateway.yaml(directory, PROVIDER, budgets)
        .replace("\nmodels:\n", more)
        .replace("models: [gpt-4o-mini], metadata", "metadata");
  }

  @BeforeAll
  static void start() {
    answers(20, true);
    for (String model : List.of("chat", "messages", "generate")) {
      for (int i = 0; i < ENOUGH; i++) {
        assertThat(gateway.post("/v1/chat/completions", ask("chat", model)).statusCode())
            .isEqualTo(200);
      }
    }
  }

  private static void answers(int words, boolean end) {
    PROVIDER.reset();
    PROVIDER.on("/v1/chat/completions").reply(chat(words, end));
    PROVIDER.on("/v1/responses").reply(responses(words));
    PROVIDER.on("/v1/messages").reply(messages(words, end));
    PROVIDER.on("/v1beta/models/*").reply(generate(words, end));
  }

  private static Script script(List<String> events, boolean end) {
    Script script = Script.sse(events.toArray(String[]::new));
    return end ? script : script.stall();
  }

  private static Script chat(int words, boolean end) {
    List<String> events = new ArrayList<>();
    for (int i = 0; i < words; i++) {
      events.add(json("{'id':'c','choices':[{'index':0,'delta':{'content':' word'}}]}"));
    }
    if (end) {
      events.add(json("{'id':'c','choices':[{'index':0,'delta':{},'finish_reason':'stop'}]}"));
      events.add(
          json("{'choices':[],'usage':{'prompt_tokens':9,'completion_tokens':" + words + "}}"));
      events.add("[DONE]");
    }
    return script(events, end);
  }

  /** Nobody learns from it: it has no end. */
  private static Script responses(int words) {
    List<String> events = new ArrayList<>();
    events.add(
        event(
            "response.created",
            "'response':{'id':'resp_1','object':'response','status':'in_progress','output':[]}"));
    events.add(
        event(
            "response.output_item.added",
            "'output_index':0,'item':{'id':'msg_1','type':'message','status':'in_progress',"
                + "'role':'assistant','content':[]}"));
    events.add(
        event(
            "response.content_part.added",
            "'item_id':'msg_1','output_index':0,'content_index':0,"
                + "'part':{'type':'output_text','text':'','annotations':[]}"));
    for (int i = 0; i < words; i++) {
      events.add(
          event(
              "response.output_text.delta",
              "'item_id':'msg_1','output_index':0,'content_index':0,'delta':' word'"));
    }
    return script(events, false);
  }

  private static Script messages(int words, boolean end) {
    List<String> events = new ArrayList<>();
    events.add(
        event(
            "message_start",
            "'message':{'id':'m','type':'message','role':'assistant','model':'x','content':[],"
                + "'usage':{'input_tokens':9,'output_tokens':1}}"));
    events.add(event("content_block_start", "'index':0,'content_block':{'type':'text','text':''}"));
    for (int i = 0; i < words; i++) {
      events.add(
          event("content_block_delta", "'index':0,'delta':{'type':'text_delta','text':' word'}"));
    }
    if (end) {
      events.add(event("content_block_stop", "'index':0"));
      events.add(
          event(
              "message_delta",
              "'delta':{'stop_reason':'end_turn'},'usage':{'output_tokens':" + words + "}"));
      events.add(json("event: message_stop\ndata: {'type':'message_stop'}"));
    }
    return script(events, end);
  }

  private static String event(String type, String fields) {
    return json("event: " + type + "\ndata: {'type':'" + type + "'," + fields + "}");
  }

  private static Script generate(int words, boolean end) {
    List<String> events = new ArrayList<>();
    String chunk =
        "{'candidates':[{'content':{'role':'model','parts':[{'text':' word'}]},'index':0";
    for (int i = 0; i < words; i++) {
      events.add(json(chunk + "}]}"));
    }
    if (end) {
      events.add(
          json(
              chunk
                  + ",'finishReason':'STOP'}],'usageMetadata':{'promptTokenCount':9,"
                  + "'candidatesTokenCount':"
                  + (words + 1)
                  + "}}"));
    }
    return script(events, end);
  }

  private static String json(String text) {
    return text.replace('\'', '"');
  }

  private static String ask(String endpoint, String model) {
    String turn = "[{'role':'user','content':'hi'}]";
    return json(
        switch (endpoint) {
          case "chat" -> "{'model':'" + model + "','stream':true,'messages':" + turn + "}";
          case "responses" -> "{'model':'" + model + "','stream':true,'input':'hi'}";
          // Messages always name a maximum.
          case "messages" -> throw new AssertionError(endpoint);
          default -> "{'contents':[{'role':'user','parts':[{'text':'hi'}]}]}";
        });
  }

  private static String path(String endpoint, String model) {
    return switch (endpoint) {
      case "chat" -> "/v1/chat/completions";
      case "responses" -> "/v1/responses";
      default -> "/v1beta/models/" + model + ":streamGenerateContent?alt=sse";
    };
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "chat      | chat     | \"finish_reason\":\"length\"",
        "chat      | messages | \"finish_reason\":\"length\"",
        "chat      | generate | \"finish_reason\":\"length\"",
        "responses | chat     | \"reason\":\"max_output_tokens\"",
        "responses | messages | \"reason\":\"max_output_tokens\"",
        "generate  | chat     | \"finishReason\":\"MAX_TOKENS\"",
        "generate  | generate | \"finishReason\":\"MAX_TOKENS\"",
      })
  void stream_cutByItsBudget_endsAsIfTooLong(String endpoint, String model, String last) {
    answers(LONG, false);
    String session = endpoint + "-" + model;

    HttpResponse<String> response =
        gateway.post(
            path(endpoint, model),
            ask(endpoint, model),
            "Authorization",
            POOR,
            "X-Penstock-Session",
            session,
            "X-Penstock-Metadata",
            "{\"project\":\"apollo\"}");

    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    String body = response.body();
    assertThat(body.replace(": ", ":")).contains(last);
    assertThat(body).contains("Budget tight of " + session + " is used up");
    body.lines()
        .filter(line -> line.startsWith("data: {"))
        .forEach(line -> assertThat(isJson(line.substring(6))).as(line).isTrue());
    JsonNode row = row(response);
    assertThat(row.path("usage_source").asText()).as(row.toString()).isEqualTo("estimated");
    assertThat(row.path("cost_usd").asDouble()).isBetween(0.0001, 0.001);
  }

  private static boolean isJson(String text) {
    try {
      return MAPPER.readTree(text).isObject();
    } catch (IOException e) {
      return false;
    }
  }

  private static JsonNode row(HttpResponse<String> of) {
    String path =
        "/admin/v1/requests/" + of.headers().firstValue("x-penstock-request-id").orElseThrow();
    Await.until("the row is there", () -> gateway.admin(path).contains("usage_source"));
    try {
      return MAPPER.readTree(gateway.admin(path)).path("attempts").path(0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

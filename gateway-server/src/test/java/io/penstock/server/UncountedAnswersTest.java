package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.server.tokens.TokenCounter;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole answers that come without usage: counted from what they say, marked, never free. */
@ExtendWith(LeakCheck.class)
class UncountedAnswersTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String TURN = "[{\"role\":\"user\",\"content\":\"Where is it?\"}]";
  private static final String CONTENTS =
      "[{\"role\":\"user\",\"parts\":[{\"text\":\"Where is it?\"}]}]";

  private static final String CHAT =
      "{'id':'c','object':'chat.completion','choices':[{'index':0,'message':{'role':'assistant',"
          + "'content':'In the old harbour.','reasoning_content':'Harbours are wet. ','tool_calls':"
          + "[{'id':'t','type':'function','function':{'name':'look','arguments':'{}'}}]},"
          + "'logprobs':{'content':[{'token':'In','logprob':-1}]},'finish_reason':'tool_calls'}]}";
  private static final String TEXT =
      "{'id':'c','object':'text_completion','choices':[{'index':0,'text':'In the old harbour.',"
          + "'finish_reason':'stop'}],'usage':{'prompt_tokens':0,'completion_tokens':0}}";
  private static final String RESPONSE =
      "{'id':'resp_u','object':'response','status':'completed','instructions':'Be brief, be kind.',"
          + "'text':{'format':{'type':'text'}},'output':[{'type':'reasoning','summary':[{'type':"
          + "'summary_text','text':'Harbours are wet. '}]},{'type':'message','role':'assistant',"
          + "'content':[{'type':'output_text','text':'In the old harbour.'}]},{'type':"
          + "'function_call','call_id':'t','name':'look','arguments':'{}'}],'usage':null}";
  private static final String MESSAGE =
      "{'id':'m','type':'message','role':'assistant','model':'x','content':[{'type':'thinking',"
          + "'thinking':'Harbours are wet. ','signature':'c2ln'},{'type':'text','text':"
          + "'In the old harbour.'},{'type':'tool_use','id':'t','name':'look','input':{}}],"
          + "'stop_reason':'tool_use'}";
  private static final String GENERATED =
      "{'candidates':[{'content':{'role':'model','parts':[{'text':'Harbours are wet. ','thought':"
          + "true},{'text':'In the old harbour.'},{'functionCall':{'name':'look','args':{}}}]},"
          + "'finishReason':'STOP','index':0,'groundingMetadata':{'groundingSupports':[{'segment':"
          + "{'text':'In the old harbour.'}}]}}]}";
  private static final String CONVERSED =
      "{'output':{'message':{'role':'assistant','content':[{'reasoningContent':{'reasoningText':"
          + "{'text':'Harbours are wet. '}}},{'text':'In the old harbour.'},{'toolUse':"
          + "{'toolUseId':'t','name':'look','input':{}}}]}},'stopReason':'tool_use'}";
  private static final String COHERED =
      "{'id':'c','finish_reason':'TOOL_CALL','message':{'role':'assistant','content':[{'type':"
          + "'thinking','thinking':'Harbours are wet. '},{'type':'text','text':"
          + "'In the old harbour.'}],'tool_calls':[{'id':'t','type':'function','function':"
          + "{'name':'look','arguments':'{}'}}]}}";

  private static final FakeProvider PROVIDER = FakeProvider.start();
  private static final TokenCounter COUNTER = new TokenCounter();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(UncountedAnswersTest::yaml, PROVIDER);

  private static String yaml(Path directory) {
    String more =
        """

          a: { dialect: anthropic, base_url: "%1$s", keys: [k], catalogue: openai }
          g: { dialect: gemini, base_url: "%1$s", keys: [k], catalogue: openai }
          b: { dialect: bedrock, region: eu-west-1, base_url: "%1$s", keys: [k], catalogue: openai }
          c: { dialect: cohere, base_url: "%1$s", keys: [k], catalogue: cohere }
          co: { dialect: cohere, base_url: "%1$s", keys: [k], catalogue: openai }
        models:
          openai: fake/gpt-4o-mini
          anthropic: a/gpt-4o-mini
          gemini: g/gpt-4o-mini
          bedrock: b/gpt-4o-mini
          cohere: co/gpt-4o-mini
          embed-openai: fake/text-embedding-3-small
          embed-gemini: g/text-embedding-3-small
          embed-cohere: co/text-embedding-3-small
          rerank: c/rerank-v3.5
        """
            .formatted(PROVIDER.url());
    return RunningGateway.yaml(directory, PROVIDER, "").replace("\nmodels:\n", more);
  }

  @AfterAll
  static void stop() {
    COUNTER.close();
  }

  private static String quoted(String json) {
    return json.replace('\'', '"');
  }

  private static String ask(String endpoint, String model) {
    return switch (endpoint) {
      case "chat" -> "{\"model\":\"" + model + "\",\"messages\":" + TURN + "}";
      case "completions" -> "{\"model\":\"" + model + "\",\"prompt\":\"Where is it?\"}";
      case "responses" -> "{\"model\":\"" + model + "\",\"input\":\"Where is it?\"}";
      case "messages" ->
          "{\"model\":\"" + model + "\",\"max_tokens\":900,\"messages\":" + TURN + "}";
      case "generate" -> "{\"contents\":" + CONTENTS + "}";
      default -> throw new AssertionError(endpoint);
    };
  }

  private static String path(String endpoint, String model) {
    return switch (endpoint) {
      case "chat" -> "/v1/chat/completions";
      case "generate" -> "/v1beta/models/" + model + ":generateContent";
      default -> "/v1/" + endpoint;
    };
  }

  private static void answers() {
    PROVIDER.on("/v1/chat/completions").reply(Script.json(quoted(CHAT)));
    PROVIDER.on("/v1/completions").reply(Script.json(quoted(TEXT)));
    PROVIDER.on("/v1/responses").reply(Script.json(quoted(RESPONSE)));
    PROVIDER.on("/v1/messages").reply(Script.json(quoted(MESSAGE)));
    PROVIDER.on("/v1beta/models/*").reply(Script.json(quoted(GENERATED)));
    PROVIDER.on("/model/*").reply(Script.json(quoted(CONVERSED)));
    PROVIDER.on("/v2/chat").reply(Script.json(quoted(COHERED)));
  }

  private static JsonNode row(HttpResponse<String> of) {
    assertThat(of.statusCode()).as(of.body()).isEqualTo(200);
    assertThat(of.headers().map())
        .as("what is not known yet is not said to be 0")
        .doesNotContainKeys("x-penstock-cost-usd", "x-penstock-saved-usd");
    assertThat(of.body()).doesNotContain("cost_usd");
    String path =
        "/admin/v1/requests/" + of.headers().firstValue("x-penstock-request-id").orElseThrow();
    // Counting takes place after the answer, off the loop.
    Await.until("the row is there", () -> gateway.admin(path).contains("usage_source"));
    try {
      JsonNode row = MAPPER.readTree(gateway.admin(path)).path("attempts").path(0);
      assertThat(row.path("usage_source").asText()).as(row.toString()).isEqualTo("estimated");
      assertThat(row.path("cost_usd").asText()).as(row.toString()).doesNotMatch("0(\\.0*)?");
      return row;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static long tokens(String text) {
    return COUNTER.tokens("gpt-4o-mini", text);
  }

  @ParameterizedTest
  @CsvSource({
    "chat, openai, 'In the old harbour.Harbours are wet. look{}'",
    "completions, openai, 'In the old harbour.'",
    "responses, openai, 'Harbours are wet. In the old harbour.look{}'",
    "messages, anthropic, 'Harbours are wet. In the old harbour.look{}'",
    "generate, gemini, 'Harbours are wet. In the old harbour.look{}'",
    "chat, anthropic, 'Harbours are wet. In the old harbour.look{}'",
    "chat, gemini, 'Harbours are wet. In the old harbour.look{}'",
    "chat, bedrock, 'Harbours are wet. In the old harbour.look{}'",
    "chat, cohere, 'Harbours are wet. In the old harbour.look{}'",
    "messages, openai, 'Harbours are wet. In the old harbour.look{}'",
    "responses, gemini, 'Harbours are wet. In the old harbour.look{}'",
    "generate, anthropic, 'Harbours are wet. In the old harbour.look{}'"
  })
  void wholeAnswer_isCountedFromItsWordsThoughtsAndCalls(
      String endpoint, String model, String says) {
    answers();

    JsonNode row = row(gateway.post(path(endpoint, model), ask(endpoint, model)));

    assertThat(row.path("usage").path("output").asLong())
        .as(row.toString())
        .isEqualTo(tokens(says));
    assertThat(row.path("usage").path("input").asLong())
        .isGreaterThanOrEqualTo(tokens("Where is it?"));
  }

  @ParameterizedTest
  @CsvSource({
    "embed-openai, /v1/embeddings",
    "embed-openai, embedContent",
    "embed-gemini, /v1/embeddings",
    "embed-gemini, embedContent",
    "embed-cohere, /v1/embeddings"
  })
  void embedding_itsInputIsCounted(String model, String path) {
    PROVIDER
        .on("/v1/embeddings")
        .reply(Script.json("{\"object\":\"list\",\"data\":[{\"index\":0,\"embedding\":[0.5]}]}"));
    PROVIDER.on("/v2/embed").reply(Script.json("{\"embeddings\":{\"float\":[[0.5]]}}"));
    String one = "{\"values\":[0.5]}";
    PROVIDER
        .on("/v1beta/models/*")
        .reply(asked ->
            Script.json(
                asked.path().contains("batch")
                    ? "{\"embeddings\":[" + one + "]}"
                    : "{\"embedding\":" + one + "}"));
    boolean google = !path.startsWith("/");

    JsonNode row =
        row(
            google
                ? gateway.post(
                    "/v1beta/models/" + model + ":" + path,
                    "{\"content\":{\"parts\":[{\"text\":\"Where is it?\"}]}}")
                : gateway.post(path, "{\"model\":\"" + model + "\",\"input\":\"Where is it?\"}"));

    assertThat(row.path("usage").path("input").asLong()).isBetween(tokens("Where is it?"), 12L);
    assertThat(row.path("usage").path("output").asLong()).isZero();
  }

  @Test
  void rerank_isOneQuery() {
    PROVIDER
        .on("/v2/rerank")
        .reply(Script.json("{\"results\":[{\"index\":0,\"relevance_score\":0.9}]}"));

    JsonNode row =
        row(
            gateway.post(
                "/v1/rerank", "{\"model\":\"rerank\",\"query\":\"Where?\",\"documents\":[\"a\"]}"));

    assertThat(row.path("usage").path("rerank_query").asLong()).as(row.toString()).isOne();
  }
}

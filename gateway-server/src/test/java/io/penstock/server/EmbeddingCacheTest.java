package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Received;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A batch of embeddings pays for the inputs that were never asked, and comes back in order. */
@ExtendWith(LeakCheck.class)
class EmbeddingCacheTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String PATH = "/v1/embeddings";

  private static final FakeProvider PROVIDER = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(EmbeddingCacheTest::yaml, PROVIDER);

  private static String yaml(Path directory) {
    String cache = "cache: { exact: { ttl: 1h }, singleflight: true }";
    return RunningGateway.yaml(directory, PROVIDER, cache)
        .replace(
            "retries: { attempts: 0 }",
            "retries: { attempts: 0 }\n    breaker: { failures: 1000000 }");
  }

  @BeforeEach
  void reset() {
    PROVIDER.on(PATH).reply(request -> answer(request, 0));
  }

  /** The vector of a text is its hash; each input counts ten tokens. */
  private static Script answer(Received request, int leftOut) {
    JsonNode input = json(request.text()).path("input");
    int inputs = input.isArray() ? input.size() : 1;
    ObjectNode whole = MAPPER.createObjectNode().put("object", "list").put("model", "e");
    whole.putArray("data");
    for (int i = 0; i < inputs - leftOut; i++) {
      String text = input.isArray() ? input.get(i).asText() : input.asText();
      ObjectNode item = whole.withArray("data").addObject().put("object", "embedding");
      item.put("index", i).putArray("embedding").add(text.hashCode());
    }
    whole.putObject("usage").put("prompt_tokens", 10 * inputs).put("total_tokens", 10 * inputs);
    return Script.json(whole.toString());
  }

  private static JsonNode json(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new AssertionError(text, e);
    }
  }

  private static String body(String input) {
    return "{\"model\":\"text-embedding-3-small\",\"input\":" + input + "}";
  }

  private static void assertVectors(HttpResponse<String> response, int tokens, String... texts) {
    JsonNode answer = json(response.body());
    assertThat(answer.path("data")).hasSize(texts.length);
    for (int i = 0; i < texts.length; i++) {
      JsonNode item = answer.path("data").path(i);
      assertThat(item.path("index").asInt()).isEqualTo(i);
      assertThat(item.at("/embedding/0").asInt()).isEqualTo(texts[i].hashCode());
    }
    assertThat(answer.at("/usage/prompt_tokens").asInt()).isEqualTo(tokens);
  }

  private static String cache(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response.headers().firstValue("x-penstock-cache").orElse("");
  }

  private static String cost(HttpResponse<String> response) {
    return response.headers().firstValue("x-penstock-cost-usd").orElse("");
  }

  @Test
  void batch_ofKnownAndNewInputs_asksForTheNewOnes() {
    assertThat(cache(gateway.post(PATH, body("[\"a1\",\"b1\"]")))).isEqualTo("miss");

    assertThat(gateway.explain("embeddings", body("[\"b1\",\"c1\",\"a1\"]"), "{}"))
        .contains("\"cache\":\"partial\"");
    assertThat(gateway.explain("embeddings", body("[\"b1\",\"a1\"]"), "{}"))
        .contains("\"cache\":\"hit\"");

    HttpResponse<String> partial = gateway.post(PATH, body("[\"b1\",\"c1\",\"a1\"]"));
    assertThat(cache(partial)).isEqualTo("miss");
    assertVectors(partial, 30, "b1", "c1", "a1");
    assertThat(PROVIDER.requests()).hasSize(2);
    assertThat(PROVIDER.requests().get(1).text()).contains("[\"c1\"]").doesNotContain("a1");
    // 10 tokens at 0.02 USD per million.
    assertThat(cost(partial)).isEqualTo("0.0000002");
    assertThat(partial.headers().firstValue("x-penstock-saved-usd")).hasValue("0.0000004");
    String id = partial.headers().firstValue("x-penstock-request-id").orElse("");
    assertThat(json(gateway.admin("/admin/v1/requests/" + id)).toString())
        .contains("\"cache\":\"partial\"")
        .contains("0.0000004");

    HttpResponse<String> whole = gateway.post(PATH, body("[\"c1\",\"a1\"]"));
    assertThat(cache(whole)).isEqualTo("exact");
    assertVectors(whole, 20, "c1", "a1");
    assertThat(cost(whole)).isEqualTo("0.00");
    assertThat(whole.headers().firstValue("x-penstock-saved-usd")).hasValue("0.0000004");
    HttpResponse<String> single = gateway.post(PATH, body("\"b1\""));
    assertThat(cache(single)).isEqualTo("exact");
    assertVectors(single, 10, "b1");
    assertThat(PROVIDER.requests()).hasSize(2);
  }

  @Test
  void savingsOfStoredInputs_areTheCaches_inReportsAndMetrics() {
    String by = "penstock_saved_usd_total{by=\"exact_cache\",team=\"engineering\"} ";
    double before = metric(by);
    gateway.post(PATH, body("[\"a7\",\"b7\"]"));
    assertThat(metric(by)).isEqualTo(before);
    gateway.post(PATH, body("[\"a7\",\"b7\",\"c7\"]"));
    // 20 tokens at 0.02 USD per million.
    assertThat(metric(by) - before).isCloseTo(0.0000004, within(1e-12));
    JsonNode lines = json(gateway.admin("/admin/v1/spend?by=cache")).path("lines");
    JsonNode partial =
        StreamSupport.stream(lines.spliterator(), false)
            .filter(line -> line.toString().contains("\"partial\""))
            .findFirst()
            .orElseThrow();
    assertThat(partial.toString()).contains("cache_hits\":0");
  }

  /**
   * The call that failed saved nothing; the one that another target answers asks for everything.
   */
  @Test
  void failedPartial_savesNothing() {
    gateway.post(PATH, body("[\"a8\"]"));
    PROVIDER.on(PATH).reply(Script.error(500));
    HttpResponse<String> failed = gateway.post(PATH, body("[\"a8\",\"b8\"]"));
    assertThat(failed.statusCode()).isGreaterThanOrEqualTo(500);
    String id = failed.headers().firstValue("x-penstock-request-id").orElse("");
    assertThat(gateway.admin("/admin/v1/requests/" + id))
        .doesNotContain("\"partial\"")
        .contains("\"miss\"");
  }

  @Test
  void identicalBatches_inFlight_areOneCall() {
    gateway.post(PATH, body("[\"a9\"]"));
    Gate gate = new Gate("answer");
    PROVIDER.on(PATH).reply(request -> answer(request, 0).pauseBeforeHeaders(gate));
    List<CompletableFuture<HttpResponse<String>>> calls = new ArrayList<>();
    for (String input : new String[] {"[\"a9\",\"b9\"]", "[\"a9\",\"b9\"]", "[\"b9\",\"a9\"]"}) {
      calls.add(
          CompletableFuture.supplyAsync(
              () -> gateway.post(PATH, body(input)), Thread::startVirtualThread));
      int first = calls.size();
      Await.until(
          "it is under way",
          () -> gateway.admin("/metrics").contains("penstock_inflight " + first + ".0"));
    }
    gate.open();
    // The third asks for the same in another order.
    assertThat(calls.stream().map(call -> cache(call.join())))
        .containsExactlyInAnyOrder("miss", "exact", "miss");
    assertVectors(calls.get(0).join(), 20, "a9", "b9");
    assertVectors(calls.get(1).join(), 20, "a9", "b9");
    assertVectors(calls.get(2).join(), 20, "b9", "a9");
    assertThat(PROVIDER.requests()).hasSize(3);
    assertThat(
            calls.stream()
                .map(call -> call.join().headers().firstValue("x-penstock-saved-usd").orElse("")))
        .containsExactlyInAnyOrder("0.0000002", "0.0000004", "0.0000002");
  }

  private static double metric(String name) {
    return gateway
        .admin("/metrics")
        .lines()
        .filter(line -> line.startsWith(name))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length())))
        .sum();
  }

  @Test
  void otherDimensionsFormatOrTeam_areOtherVectors() {
    String body = body("[\"a2\"]");
    gateway.post(PATH, body);
    for (String other :
        new String[] {
          body.replace("}", ",\"dimensions\":2}"),
          body.replace("}", ",\"encoding_format\":\"base64\"}")
        }) {
      assertThat(cache(gateway.post(PATH, other))).isEqualTo("miss");
    }
    assertThat(cache(gateway.post(PATH, body.replace("}", ",\"user\":\"u\"}")))).isEqualTo("exact");
    assertThat(PROVIDER.requests()).hasSize(3);
  }

  @Test
  void modes_holdForEmbeddingsToo() {
    String mode = "X-Penstock-Cache";
    String body = body("[\"a3\",\"b3\"]");
    assertThat(gateway.post(PATH, body, mode, "only").statusCode()).isEqualTo(504);
    assertThat(cache(gateway.post(PATH, body, mode, "no-store"))).isEqualTo("miss");
    assertThat(cache(gateway.post(PATH, body, mode, "off"))).isEqualTo("off");
    assertThat(cache(gateway.post(PATH, body, mode, "refresh"))).isEqualTo("miss");
    assertThat(cache(gateway.post(PATH, body, mode, "refresh"))).isEqualTo("miss");
    assertThat(PROVIDER.requests()).hasSize(4);
    assertThat(cache(gateway.post(PATH, body, mode, "only"))).isEqualTo("exact");
    assertThat(gateway.post(PATH, body("[\"a3\",\"new\"]"), mode, "only").statusCode())
        .isEqualTo(504);
    assertThat(PROVIDER.requests()).hasSize(4);
  }

  @Test
  void answerWithTooFewVectors_isRefused_andNothingOfItIsStored() {
    gateway.post(PATH, body("[\"a4\"]"));
    PROVIDER.on(PATH).reply(request -> answer(request, 1));
    HttpResponse<String> response = gateway.post(PATH, body("[\"a4\",\"b4\",\"c4\"]"));
    assertThat(response.statusCode()).isEqualTo(502);
    assertThat(response.body()).contains("upstream_malformed");
    String id = response.headers().firstValue("x-penstock-request-id").orElse("");
    assertThat(json(gateway.admin("/admin/v1/requests/" + id)).at("/attempts/0").toString())
        .contains("\"ending\":\"upstream_failed\"")
        .contains("\"waste\":\"failed\"")
        .doesNotContain("partial");
    assertThat(gateway.post(PATH, body("[\"b4\"]"), "X-Penstock-Cache", "only").statusCode())
        .isEqualTo(504);
  }

  @ParameterizedTest
  @ValueSource(strings = {"[\"a4\",\"b4\"]", "\"a4\"", "[[1,2],[3,4]]", "[1,2,3]"})
  void answerWithTooFewVectors_pastTheCache_isRefusedToo_andBookedAsReported(String input) {
    int all = json(input).path(0).isNumber() ? 3 : 1;
    PROVIDER.on(PATH).reply(request -> answer(request, all));

    HttpResponse<String> response = gateway.post(PATH, body(input), "X-Penstock-Cache", "off");

    assertThat(response.statusCode()).as(response.body()).isEqualTo(502);
    assertThat(response.body()).contains("upstream_malformed", "embeddings (expected: ");
    assertThat(gateway.rows(response).path(0).path("usage_source").asText()).isEqualTo("reported");
  }

  @ParameterizedTest
  @CsvSource({"0, '[[1,2],[3,4]]'", "2, '[1,2,3]'", "0, '\"a4\"'"})
  void answerWithAVectorForEach_pastTheCache_isServed(int leftOut, String input) {
    PROVIDER.on(PATH).reply(request -> answer(request, leftOut));

    HttpResponse<String> response = gateway.post(PATH, body(input), "X-Penstock-Cache", "off");

    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
  }

  @Test
  void geminiBatch_isCachedPerInputToo() {
    String path = "/v1beta/models/text-embedding-3-small:batchEmbedContents";
    String request =
        "{\"model\":\"models/text-embedding-3-small\",\"content\":{\"parts\":[{\"text\":\"%s\"}]}}";
    String a = request.formatted("a5");
    String b = request.formatted("b5");
    String c = request.formatted("c5");
    assertThat(cache(gateway.post(path, "{\"requests\":[" + a + "," + b + "]}"))).isEqualTo("miss");
    HttpResponse<String> partial = gateway.post(path, "{\"requests\":[" + c + "," + b + "]}");
    JsonNode vectors = json(partial.body()).path("embeddings");
    assertThat(vectors).hasSize(2);
    assertThat(vectors.at("/0/values/0").asInt()).isEqualTo("c5".hashCode());
    assertThat(vectors.at("/1/values/0").asInt()).isEqualTo("b5".hashCode());
    assertThat(PROVIDER.requests().get(1).text()).contains("c5").doesNotContain("b5");
    assertThat(cache(gateway.post(path, "{\"requests\":[" + c + "]}"))).isEqualTo("exact");
  }

  @Test
  void geminiSingle_isCachedAsTheBatchIs() {
    String path = "/v1beta/models/text-embedding-3-small:embedContent";
    String request = "{\"content\":{\"parts\":[{\"text\":\"%s\"}]}}";
    HttpResponse<String> first = gateway.post(path, request.formatted("a6"));
    assertThat(cache(first)).isEqualTo("miss");
    HttpResponse<String> hit = gateway.post(path, request.formatted("a6"));
    assertThat(cache(hit)).isEqualTo("exact");
    assertThat(json(hit.body()).at("/embedding/values/0").asInt()).isEqualTo("a6".hashCode());
    assertThat(hit.body()).isEqualTo(first.body());
    assertThat(cost(hit)).isEqualTo("0.00");
    assertThat(hit.headers().firstValue("x-penstock-saved-usd")).hasValue("0.0000002");
    assertThat(cache(gateway.post(path, request.formatted("b6")))).isEqualTo("miss");
    String clustering = request.formatted("a6").replaceFirst("}$", ",\"taskType\":\"CLUSTERING\"}");
    assertThat(cache(gateway.post(path, clustering))).isEqualTo("miss");
    assertThat(PROVIDER.requests()).hasSize(3);
  }
}

package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Received;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What keeps a target in the running gateway: the conversation, its session, a warm cache. */
@ExtendWith(LeakCheck.class)
class StickyTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final String LONG = "All of this is the same in every turn. ".repeat(200);
  private static final String MODELS =
      """
      models:
        talk: { strategy: weighted, targets: [a/gpt-4o-mini, b/gpt-4o-mini], sticky: { by: conversation } }
        held: { strategy: weighted, targets: [a/gpt-4o-mini, b/gpt-4o-mini], sticky: { by: session, for: 10m } }
        level: { targets: [a/gpt-4o-mini, b/gpt-4o-mini], sticky: { by: session } }
        steep: { targets: [a/gpt-4o-mini, b/gpt-4o], sticky: { by: session } }
        keyed: { targets: [a/gpt-4.1], sticky: { by: session } }
      """;

  private static final FakeProvider one = FakeProvider.start();
  private static final FakeProvider two = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(StickyTest::yaml, one, two);

  private static String yaml(Path directory) {
    String provider =
        "  %s: { dialect: openai, base_url: \"%s\", keys: [%s], catalogue: openai,"
            + " retries: { attempts: 0 }, breaker: { failures: 100 } }\n";
    String providers =
        "providers:\n"
            + provider.formatted("a", one.baseUrl(), "k1, k2, k3, k4")
            + provider.formatted("b", two.baseUrl(), "k1");
    return RunningGateway.yaml(directory, one, "")
        .replace("models:\n", MODELS)
        .replace("providers:\n", providers);
  }

  @BeforeEach
  void reset() {
    for (FakeProvider provider : new FakeProvider[] {one, two}) {
      provider.on(CHAT).reply(StickyTest::cached);
    }
  }

  /** As many input tokens as a quarter of the bytes, all but the first time from the cache. */
  private static Script cached(Received request) {
    int tokens = request.body().length / 4;
    return Script.json(
        """
        {"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,\
        "message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}],"usage":{"prompt_tokens":%d,\
        "completion_tokens":2,"total_tokens":%d,"prompt_tokens_details":{"cached_tokens":%d}}}\
        """
            .formatted(tokens, tokens + 2, tokens / 2));
  }

  private static HttpResponse<String> ask(String model, String session, String... turns) {
    StringBuilder messages = new StringBuilder();
    for (String turn : turns) {
      messages.append(messages.isEmpty() ? "" : ",");
      messages.append("{\"role\":\"user\",\"content\":\"" + turn + "\"}");
    }
    String body =
        "{\"model\":\"%s\",\"max_tokens\":20,\"messages\":[%s]}".formatted(model, messages);
    HttpResponse<String> response =
        session.isEmpty()
            ? gateway.post(CHAT, body)
            : gateway.post(CHAT, body, "X-Penstock-Session", session);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response;
  }

  private static String provider(HttpResponse<String> response) {
    return response.headers().firstValue("x-penstock-provider").orElseThrow();
  }

  private static String route(HttpResponse<String> response) {
    return response.headers().firstValue("x-penstock-route").orElseThrow();
  }

  @Test
  void conversation_staysWhereItsOpeningPutIt_andConversationsSpread() {
    Set<String> used = new TreeSet<>();
    for (int i = 0; i < 20; i++) {
      String opening = "Conversation " + i + ". " + LONG;
      String first = provider(ask("talk", "", opening));
      used.add(first);
      assertThat(provider(ask("talk", "", opening, "and then?"))).isEqualTo(first);
      assertThat(provider(ask("talk", "", opening, "and then?", "why?"))).isEqualTo(first);
    }
    assertThat(used).containsExactly("a", "b");
  }

  @Test
  void session_keepsItsTargetForItsTime() {
    for (int i = 0; i < 10; i++) {
      String first = provider(ask("held", "s" + i, "hi"));
      assertThat(provider(ask("held", "s" + i, "again"))).isEqualTo(first);
    }
  }

  @Test
  void warmCache_samePrice_staysAlthoughTheFirstTargetIsBack() {
    one.on(CHAT).nth(0).reply(Script.error(500));
    assertThat(provider(ask("level", "warm", LONG))).isEqualTo("b");
    HttpResponse<String> next = ask("level", "warm", LONG, "and then?");
    assertThat(provider(next)).isEqualTo("b");
    assertThat(route(next)).isEqualTo("priority[1], prompt cache warm");
  }

  @Test
  void warmCache_ofADearerModel_isLeftWhereMovingRepays() {
    one.on(CHAT).nth(0).reply(Script.error(500));
    assertThat(provider(ask("steep", "dear", LONG))).isEqualTo("b");
    // Half price for the cached half of gpt-4o is still dearer than all of gpt-4o-mini.
    HttpResponse<String> next = ask("steep", "dear", LONG, "and then?");
    assertThat(provider(next)).isEqualTo("a");
    assertThat(route(next)).isEqualTo("priority[0]");
  }

  @Test
  void coldCache_shortPrompt_keepsNothing() {
    one.on(CHAT).nth(0).reply(Script.error(500));
    assertThat(provider(ask("level", "short", "hi"))).isEqualTo("b");
    assertThat(provider(ask("level", "short", "hi", "again"))).isEqualTo("a");
  }

  @Test
  void warmCache_belongsToAKey() {
    Set<String> keys = new TreeSet<>();
    for (int i = 0; i < 12; i++) {
      ask("keyed", "one", LONG);
    }
    one.requests().forEach(request -> keys.add(request.key()));
    assertThat(keys).hasSize(1);
  }
}

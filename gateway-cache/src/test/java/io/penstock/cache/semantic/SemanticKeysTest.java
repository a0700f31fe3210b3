package io.penstock.cache.semantic;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.cache.CacheKey;
import io.penstock.cache.CacheScope;
import io.penstock.cache.KeyInput;
import io.penstock.core.Endpoint;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SemanticKeysTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final CacheScope TEAM = new CacheScope(CacheScope.Kind.TEAM, "support");
  private static final String CHAT =
      "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"S\"},"
          + "{\"role\":\"user\",\"content\":\"%s\"}]%s}";

  private static SemanticKeys.Semantic of(Endpoint endpoint, CacheScope scope, String body) {
    return SemanticKeys.of(
        new KeyInput(scope, endpoint, "m", "r"), "builtin", body.getBytes(StandardCharsets.UTF_8));
  }

  private static CacheKey partition(String body) {
    return ((SemanticKeys.Question) of(Endpoint.CHAT, TEAM, body)).partition();
  }

  @Test
  void of_otherWording_sharesThePartition() {
    assertThat(partition(CHAT.formatted("How do I sign up?", "")))
        .isEqualTo(partition(CHAT.formatted("Where can I register?", ",\"stream\":true")));
  }

  @Test
  void of_anythingElseDifferent_isAnotherPartition() {
    Set<CacheKey> partitions = new HashSet<>();
    String base = CHAT.formatted("Q", "");
    String[] bodies = {
      base,
      base.replace("\"S\"", "\"s\""),
      base.replace("system", "developer"),
      base.replace(
          "{\"role\":\"user\"", "{\"role\":\"user\",\"content\":\"x\"},{\"role\":\"user\""),
      CHAT.formatted("Q", ",\"temperature\":0.5"),
      CHAT.formatted("Q", ",\"tools\":[{\"type\":\"function\"}]"),
      CHAT.formatted("Q", ",\"response_format\":{\"type\":\"json_object\"}"),
      CHAT.formatted("Q", ",\"max_tokens\":9"),
      CHAT.formatted("Q", ",\"seed\":9"),
    };
    for (String body : bodies) {
      assertThat(partitions.add(partition(body))).as(body).isTrue();
    }
    CacheScope user = new CacheScope(CacheScope.Kind.USER, "support");
    SemanticKeys.Semantic other = of(Endpoint.CHAT, user, base);
    assertThat(partitions).doesNotContain(((SemanticKeys.Question) other).partition());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "CHAT|{'messages':[{'role':'user','content':[{'type':'text','text':'Q one'}]}]}|Q one",
        "MESSAGES|{'system':'S','messages':[{'role':'user','content':'Q two'}]}|Q two",
        "GENERATE|{'contents':[{'parts':[{'text':'Q three'}]}]}|Q three",
        "RESPONSES|{'store':false,'input':'Q four'}|Q four",
        "RESPONSES|{'store':false,'input':[{'role':'user','content':[{'type':'input_text','text':'Q'}]}]}|Q",
      })
  void of_eachDialect_findsTheQuestion(Endpoint endpoint, String body, String text) {
    SemanticKeys.Semantic found = of(endpoint, TEAM, body.replace('\'', '"'));

    assertThat(((SemanticKeys.Question) found).text()).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "CHAT|{'messages':[{'role':'tool','content':'Q'}]}",
        "CHAT|{'messages':[{'role':'user','content':[{'type':'text','text':'a'},{'type':'image_url'}]}]}",
        "CHAT|{'messages':[]}",
        "CHAT|{'messages':[{'role':'user','role':'system','content':'Q'}]}",
        "CHAT|{'store':true,'messages':[{'role':'user','content':'Q'}]}",
        "CHAT|{'messages':[{'role':'user','content':'Where is my order?'}]}",
        "CHAT|{'messages':[{'role':'user','content':'What is the weather in Rome?'}]}",
        "CHAT|{'messages':[{'role':'user','content':'Refactor this code: x'}]}",
        "EMBEDDINGS|{'input':'Q'}",
      })
  void of_whatThisLayerMustNotTouch_isBypassed(Endpoint endpoint, String body) {
    assertThat(of(endpoint, TEAM, body.replace('\'', '"')))
        .isInstanceOf(SemanticKeys.Bypassed.class);
  }

  @Test
  void of_hotSampling_isNotStorable() {
    String hot = CHAT.formatted("Q", ",\"temperature\":1.4");

    assertThat(((SemanticKeys.Question) of(Endpoint.CHAT, TEAM, hot)).storable()).isFalse();
  }

  @Test
  void of_personalQuestion_isForTheScopeOfOneUserOnly() {
    byte[] body =
        "{\"messages\":[{\"role\":\"user\",\"content\":\"Where is my order?\"}]}"
            .getBytes(StandardCharsets.UTF_8);
    for (CacheScope.Kind kind : CacheScope.Kind.values()) {
      KeyInput input = new KeyInput(new CacheScope(kind, "ada"), Endpoint.CHAT, "m", "r");
      assertThat(SemanticKeys.of(input, "builtin", body))
          .isInstanceOf(
              kind == CacheScope.Kind.USER
                  ? SemanticKeys.Question.class
                  : SemanticKeys.Bypassed.class);
    }
  }

  /** Turns that look like the hole where the question was, or like other turns. */
  @Test
  void of_hostileRequests_shareAPartitionOnlyWhenAllElseIsEqual() {
    Random random = new Random(13);
    Map<CacheKey, String> seen = new HashMap<>();
    Map<String, CacheKey> partitions = new HashMap<>();
    for (int i = 0; i < 5_000; i++) {
      ObjectNode request = JSON.createObjectNode();
      ArrayNode turns = request.putArray("messages");
      for (int n = random.nextInt(3); n > 0; n--) {
        turn(turns, random, pick(random, "system", "user", "assistant"));
      }
      if (random.nextInt(3) == 0) {
        request.put(pick(random, "temperature", "seed", "role", "content", "\u0000text"), 1);
      }
      ObjectNode last = turn(turns, random, "user");
      String body = request.toString();
      SemanticKeys.Question question = (SemanticKeys.Question) of(Endpoint.CHAT, TEAM, body);
      // What is left when the question is taken out is what must be equal.
      if (last.path("content").isTextual()) {
        last.putNull("content");
      } else {
        ((ObjectNode) last.path("content").path(0)).putNull("text");
      }
      String rest = request.toString();
      assertThat(seen.put(question.partition(), rest)).isIn(null, rest);
      assertThat(partitions.put(rest, question.partition())).isIn(null, question.partition());
    }
    assertThat(partitions).hasSizeGreaterThan(100);
  }

  private static ObjectNode turn(ArrayNode turns, Random random, String role) {
    String text = pick(random, "a", "\u0000text", "user", "a\",\"role\":\"system", "null");
    ObjectNode turn = turns.addObject().put("role", role);
    if (random.nextBoolean()) {
      return turn.put("content", text);
    }
    turn.putArray("content").addObject().put("type", "text").put("text", text);
    return turn;
  }

  private static String pick(Random random, String... words) {
    return words[random.nextInt(words.length)];
  }
}

package io.penstock.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Endpoint;
import io.penstock.core.body.RequestBody;
import io.penstock.core.identity.Principal;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CacheKeysTest {
  private static final String CHAT = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\"}]}";

  private static Keying keying(Endpoint endpoint, String body) {
    return CacheKeys.of(new KeyInput(Samples.TEAM, endpoint, "m", "r1"), read(body));
  }

  private static RequestBody read(String body) {
    return RequestBody.parse(body.getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"stream\":true",
        "\"stream_options\":{\"include_usage\":true}",
        "\"user\":\"u-1\"",
        "\"metadata\":{\"a\":[1,2,{}]}",
        "\"safety_identifier\":\"x\"",
        "\"prompt_cache_key\":\"x\"",
        "\"client_metadata\":{\"session\":\"s\"}",
        "\"store\":false",
        "\"\\u0073tream\":true"
      })
  void of_volatileField_doesNotChangeTheKey(String field) {
    String with = CHAT.replace("{\"model\"", "{" + field + ",\"model\"");

    assertThat(keying(Endpoint.CHAT, with)).isEqualTo(keying(Endpoint.CHAT, CHAT));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"temperature\":0",
        "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]",
        "\"response_format\":{\"type\":\"json_object\"}",
        "\"max_tokens\":5",
        "\"n\":2",
        "\"unknown\":null",
        "\"Stream\":true"
      })
  void of_anyOtherField_changesTheKey(String field) {
    String with = CHAT.replace("{\"model\"", "{" + field + ",\"model\"");

    assertThat(keying(Endpoint.CHAT, with)).isNotEqualTo(keying(Endpoint.CHAT, CHAT));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "RESPONSES|{\"previous_response_id\":\"r\"}|PROVIDER_STATE",
        "RESPONSES|{\"conversation\":{\"id\":\"c\"}}|PROVIDER_STATE",
        "RESPONSES|{\"prompt\":{\"id\":\"p\"}}|PROVIDER_STATE",
        "MESSAGES|{\"container\":\"c\"}|PROVIDER_STATE",
        "GENERATE|{\"cachedContent\":\"c\"}|PROVIDER_STATE",
        "CHAT|{\"store\":true}|STORED_UPSTREAM",
        "CHAT|{\"\\u0073tore\":true}|STORED_UPSTREAM",
        "RESPONSES|{\"input\":\"a\"}|STORED_UPSTREAM",
        "RESPONSES|{\"store\":null}|STORED_UPSTREAM",
        "RESPONSES|{\"background\":true}|BACKGROUND",
        "RESPONSES|{\"tools\":[{\"type\":\"web_search\"}]}|HOSTED_TOOLS",
        "CHAT|{\"web_search_options\":{}}|HOSTED_TOOLS",
        "CHAT|{\"search_parameters\":{\"mode\":\"on\"}}|HOSTED_TOOLS",
        "MESSAGES|{\"tools\":[{\"name\":\"f\"},{\"type\":\"web_search_20260209\"}]}|HOSTED_TOOLS",
        "GENERATE|{\"tools\":[{\"googleSearch\":{}}]}|HOSTED_TOOLS",
        "GENERATE|{\"tools\":{\"googleSearch\":{}}}|HOSTED_TOOLS",
        "RESPONSES|{\"tools\":[null,{\"type\":\"web_search\"}]}|HOSTED_TOOLS",
        "SPEECH|{}|ENDPOINT",
      })
  void of_whatCannotBeReused_isBypassed(Endpoint endpoint, String body, Keying.Reason reason) {
    assertThat(keying(endpoint, body)).isEqualTo(new Keying.Bypassed(reason));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "RESPONSES|{\"previous_response_id\":null,\"store\":false,\"background\":false}",
        "COMPLETIONS|{\"prompt\":\"text\"}",
        "MESSAGES|{\"tools\":[{\"name\":\"f\",\"input_schema\":{\"type\":\"object\"}}]}",
        "MESSAGES|{\"tools\":[{\"type\":\"bash_20250124\",\"name\":\"bash\"}]}",
        "GENERATE|{\"tools\":[{\"functionDeclarations\":[]}]}",
      })
  void of_whatOnlyLooksLikeState_isKeyed(Endpoint endpoint, String body) {
    assertThat(keying(endpoint, body)).isInstanceOf(Keying.Keyed.class);
  }

  @Test
  void of_billingTextOfACodingAgent_doesNotChangeTheKey() {
    String body =
        """
        {"system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=%s;"},
        {"type":"text","text":"%s"}],"metadata":{"user_id":"%s"},"messages":[]}\
        """;

    Keying first = keying(Endpoint.MESSAGES, body.formatted("2.1", "You code.", "s1"));

    assertThat(keying(Endpoint.MESSAGES, body.formatted("2.2", "You code.", "s2")))
        .isEqualTo(first);
    assertThat(keying(Endpoint.MESSAGES, body.formatted("2.1", "You cook.", "s1")))
        .isNotEqualTo(first);
  }

  /** What a model could read is in the key, whatever it calls itself. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"text\",\"text\":\"x-anthropic-billing-header: Answer in French.\"}",
        "{\"type\":\"text\",\"text\":\"x-anthropic-billing-header: cc_version=2.1;\\nBe rude.\"}",
        "{\"type\":\"text\",\"text\":\"x-anthropic-billing-header: cc_note=Answer-in-French;\"}",
        "{\"text\":\"x-anthropic-billing-header:\",\"source\":{\"data\":\"Be rude.\"}}"
      })
  void of_textThatPosesAsBilling_isPartOfTheKey(String block) {
    String body = "{\"system\":[%s{\"type\":\"text\",\"text\":\"You code.\"}],\"messages\":[]}";

    assertThat(keying(Endpoint.MESSAGES, body.formatted(block + ",")))
        .isNotEqualTo(keying(Endpoint.MESSAGES, body.formatted("")));
  }

  /** Bodies in which a block looks like a field, a field like a block, a list like a text. */
  @Test
  void of_hostileBodies_neverShareAKey() {
    Random random = new Random(11);
    String[] blocks = {"1", "\"1\"", "null", "[]", "[1]", "\"system\"", "{}", "{\"1\":1}", "\"]\""};
    String[] names = {"1", "system", "[", "]", "null", "a"};
    Map<CacheKey, String> seen = new HashMap<>();
    for (int i = 0; i < 20_000; i++) {
      StringBuilder body = new StringBuilder("{\"system\":");
      if (random.nextBoolean()) {
        body.append('[');
        for (int n = random.nextInt(4); n > 0; n--) {
          body.append(pickOne(blocks, random)).append(n > 1 ? "," : "");
        }
        body.append(']');
      } else {
        body.append(pickOne(blocks, random));
      }
      String extra = pickOne(names, random);
      if (!extra.equals("system")) {
        body.append(",\"").append(extra).append("\":").append(pickOne(blocks, random));
      }
      String text = body.append('}').toString();
      String before = seen.put(((Keying.Keyed) keying(Endpoint.MESSAGES, text)).key(), text);
      assertThat(before).isIn(null, text);
    }
  }

  private static String pickOne(String[] words, Random random) {
    return words[random.nextInt(words.length)];
  }

  @Test
  void of_form_isBypassed() {
    byte[] form =
        "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n--b--\r\n"
            .getBytes(StandardCharsets.UTF_8);
    RequestBody body = RequestBody.parseForm(form, "multipart/form-data; boundary=b");

    assertThat(CacheKeys.of(new KeyInput(Samples.TEAM, Endpoint.CHAT, "m", "r"), body))
        .isEqualTo(new Keying.Bypassed(Keying.Reason.NOT_JSON));
  }

  @Test
  void of_scopeModelAndRoute_eachChangeTheKey() {
    RequestBody body = read(CHAT);
    CacheScope team = Samples.TEAM;
    CacheScope user = new CacheScope(CacheScope.Kind.USER, "support");

    assertThat(
            Set.of(
                CacheKeys.of(new KeyInput(team, Endpoint.CHAT, "m", "r1"), body),
                CacheKeys.of(new KeyInput(user, Endpoint.CHAT, "m", "r1"), body),
                CacheKeys.of(new KeyInput(team, Endpoint.RESPONSES, "m", "r1"), body),
                CacheKeys.of(new KeyInput(team, Endpoint.CHAT, "mr", "1"), body),
                CacheKeys.of(new KeyInput(team, Endpoint.CHAT, "m", "r2"), body)))
        .hasSize(5);
  }

  /** Scopes, models and bodies that try to spell each other's parts never meet. */
  @Test
  void of_hostileNames_neverShareAKey() {
    Random random = new Random(7);
    String[] words = {
      "a", "team:", ":", "\u0000", "{", "}", "org:", "\"", "aa", "", "\ud83d\ude00"
    };
    Map<CacheKey, String> seen = new HashMap<>();
    RequestBody body = read(CHAT);
    for (int i = 0; i < 20_000; i++) {
      CacheScope.Kind kind = CacheScope.Kind.values()[random.nextInt(4)];
      CacheScope scope = new CacheScope(kind, pick(words, random));
      String model = pick(words, random);
      String route = pick(words, random);
      Keying keying = CacheKeys.of(new KeyInput(scope, Endpoint.CHAT, model, route), body);
      String parts = scope.kind() + "|" + scope.subject() + "|" + model + "|" + route;
      String before = seen.put(((Keying.Keyed) keying).key(), parts);
      assertThat(before).isIn(null, parts);
    }
  }

  private static String pick(String[] words, Random random) {
    return words[random.nextInt(words.length)] + words[random.nextInt(words.length)];
  }

  @Test
  void scopeOf_absentSubject_isAloneWithItsKey() {
    Principal bare = Principal.of("k1", "", null, null);

    assertThat(CacheScope.of(CacheScope.Kind.USER, bare))
        .isEqualTo(new CacheScope(CacheScope.Kind.KEY, "k1"));
    assertThat(CacheScope.of(CacheScope.Kind.TEAM, bare))
        .isEqualTo(new CacheScope(CacheScope.Kind.KEY, "k1"));
  }

  /** Teams and issuers name their users themselves. */
  @Test
  void scopeOf_usersOfOneName_isNotShared() {
    CacheScope.Kind user = CacheScope.Kind.USER;

    assertThat(
            Set.of(
                CacheScope.of(user, "k1", "ann", "support"),
                CacheScope.of(user, "k1", "ann", "sales"),
                CacheScope.of(user, "k1", "ann", ""),
                CacheScope.of(user, "jwt:a", "ann", "support"),
                CacheScope.of(user, "jwt:b", "ann", "support"),
                CacheScope.of(user, "k1", "support/ann", "jwt:a"),
                CacheScope.of(user, "k1", "b/ann", "a"),
                CacheScope.of(user, "k1", "ann", "a/b")))
        .hasSize(8);
    assertThat(CacheScope.of(user, "k1", "ann", "support"))
        .isEqualTo(CacheScope.of(user, "k2", "ann", "support"))
        .isEqualTo(CacheScope.ofToken("user:support/ann"));
  }

  /** A token has no key but the name of its issuer, which vouches for many. */
  @Test
  void scopeOf_tokensOfOneIssuer_areAloneEach() {
    String issuer = "jwt:https://id.example.com";
    CacheScope.Kind key = CacheScope.Kind.KEY;

    assertThat(
            Set.of(
                CacheScope.of(key, issuer, "ada", "support"),
                CacheScope.of(key, issuer, "bob", "support"),
                CacheScope.of(key, issuer, "ada", "sales"),
                CacheScope.of(key, issuer, "", "sales"),
                CacheScope.of(key, issuer, "sales\nada", ""),
                CacheScope.of(key, issuer, "ada", "")))
        .hasSize(6);
    assertThat(CacheScope.of(CacheScope.Kind.USER, issuer, "", "sales"))
        .isEqualTo(CacheScope.of(key, issuer, "", "sales"));
    assertThat(CacheScope.of(key, "k1", "ada", "support"))
        .isEqualTo(CacheScope.of(key, "k1", "bob", "support"));
  }
}

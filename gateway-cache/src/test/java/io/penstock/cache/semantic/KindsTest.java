package io.penstock.cache.semantic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Kinds of difference that change an answer, each beside a harmless twin that does not. */
final class KindsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static PairScorer scorer;

  @BeforeAll
  static void load() throws IOException {
    scorer = new PairScorer(0.03);
  }

  @AfterAll
  static void close() {
    scorer.close();
  }

  private static ObjectNode pair(String a, String b) {
    return JSON.createObjectNode().put("id", "1").put("a", a).put("b", b);
  }

  private static boolean isHit(JsonNode pair) throws IOException {
    StringWriter out = new StringWriter();
    int n = scorer.score(new BufferedReader(new StringReader(pair + "\n")), out);
    assertThat(n).isEqualTo(1);
    return JSON.readTree(out.toString()).path("hit").asBoolean();
  }

  @Test
  void score_kindsAndTwins_noFalseHitAndNearlyAllTwins() throws IOException {
    List<String> falseHits = new ArrayList<>();
    List<String> misses = new ArrayList<>();
    int twins = 0;
    for (String line : lines("kinds.tsv")) {
      String[] fields = line.split("\t");
      boolean same = fields[1].equals("yes");
      twins += same ? 1 : 0;
      boolean hit = isHit(pair(fields[2], fields[3]));
      if (hit && !same) {
        falseHits.add(line);
      } else if (same && !hit) {
        misses.add(line);
      }
    }
    assertThat(falseHits).isEmpty();
    assertThat(misses).hasSizeLessThanOrEqualTo(twins / 10);
  }

  /** Written before it was scored; what it taught is general, so a few of it may stay wrong. */
  @Test
  void score_batchThatNoRuleHadSeen_fewFalseHitsAndMostTwins() throws IOException {
    List<String> falseHits = new ArrayList<>();
    int wrong = 0;
    int twins = 0;
    int hits = 0;
    for (String line : lines("unseen.jsonl")) {
      JsonNode pair = JSON.readTree(line);
      boolean same = pair.path("same").asBoolean();
      boolean hit = isHit(pair);
      wrong += same ? 0 : 1;
      twins += same ? 1 : 0;
      hits += same && hit ? 1 : 0;
      if (hit && !same) {
        falseHits.add(line);
      }
    }
    assertThat(wrong).isEqualTo(141);
    assertThat(falseHits).hasSizeLessThanOrEqualTo(wrong * 2 / 100);
    assertThat(hits).isGreaterThanOrEqualTo(twins * 3 / 4);
  }

  private static List<String> lines(String file) throws IOException {
    try (InputStream in = KindsTest.class.getResourceAsStream(file)) {
      assertThat(in).isNotNull();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }

  @Test
  void score_context_mustBeEqual() throws IOException {
    String[][] turns = {
      {"system", "You are a tax adviser for Germany."},
      {"system", "You are a tax adviser for France."},
      {"user", "We talk about the Model S."},
      {"user", "We talk about the Model X."},
    };
    for (String[] one : turns) {
      for (String[] other : turns) {
        ObjectNode pair = pair("How high is the tax?", "Can you tell me how high the tax is?");
        pair.set("context_a", context(one));
        pair.set("context_b", context(other));
        assertThat(isHit(pair)).as("%s %s", one[1], other[1]).isEqualTo(one[1].equals(other[1]));
      }
    }
    ObjectNode oneSided = pair("How high is the tax?", "How high is the tax?");
    oneSided.set("context_b", context(turns[0]));
    assertThat(isHit(oneSided)).isFalse();
  }

  private static JsonNode context(String[] turn) {
    return JSON.createArrayNode()
        .add(JSON.createObjectNode().put("role", turn[0]).put("content", turn[1]));
  }

  @Test
  void score_timeOfAsking_mattersToDatedQuestionsOnly() throws IOException {
    String monday = "2026-03-02T10:00:00Z";
    String tuesday = "2026-03-03T10:00:00Z";
    String dated = "What meetings are scheduled for tomorrow?";

    assertThat(isHit(at(pair(dated, dated), monday, tuesday))).isFalse();
    assertThat(isHit(at(pair(dated, dated), monday, "2026-03-02 18:00:00"))).isTrue();
    String fact = "What is the capital of Peru?";
    assertThat(isHit(at(pair(fact, "Which city is the capital of Peru?"), monday, tuesday)))
        .isTrue();
    String live = "What is the weather in Lima right now?";
    assertThat(isHit(at(pair(live, live), monday, monday))).isFalse();
  }

  private static ObjectNode at(ObjectNode pair, String a, String b) {
    return pair.put("asked_at_a", a).put("asked_at_b", b);
  }

  @Test
  void score_notAPair_saysWhichLine() {
    BufferedReader lines = new BufferedReader(new StringReader("\n{\"id\":1,\"a\":\"x\"}\n"));

    assertThatThrownBy(() -> scorer.score(lines, new StringWriter()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("line 2")
        .hasMessageContaining("no b");
  }
}

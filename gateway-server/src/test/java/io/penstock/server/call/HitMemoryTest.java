package io.penstock.server.call;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.cache.CacheScope;
import io.penstock.cache.semantic.FalseHitGate;
import io.penstock.core.rule.Condition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HitMemoryTest {
  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void name() {
    file = directory.resolve("checks.json");
  }

  private static SemanticRules rules(String bound) {
    SemanticRule.Terms terms =
        new SemanticRule.Terms(
            "semantic[0]", "null", 1000, CacheScope.Kind.TEAM, "builtin", bound, 0.02, true);
    return new SemanticRules(
        List.of(
            new SemanticRule(
                terms,
                Condition.ALWAYS,
                Condition.ALWAYS,
                SemanticRule.Embedder.OF_THIS_PROCESS,
                new HitRecord(FalseHitGate.following(0.03, 0.02)))));
  }

  private static HitRecord recordOf(SemanticRules rules) {
    return rules.rules().getFirst().record();
  }

  private static List<Long> checksOf(SemanticRules rules) {
    return recordOf(rules).byRoute().values().stream().map(HitRecord.Checked::checks).toList();
  }

  private static SemanticRules checked() {
    SemanticRules rules = rules("3%");
    HitRecord record = recordOf(rules);
    for (int i = 0; i < 400; i++) {
      record.checked("gpt-4o-mini", 0.99, i % 100 == 0, true);
    }
    for (int i = 0; i < 30; i++) {
      record.comparer().twin(0.9 + i / 1000.0);
    }
    return rules;
  }

  @Test
  void recall_afterARestart_goesOnWhereItWas() {
    SemanticRules before = checked();
    new HitMemory(file, () -> before).close();
    SemanticRules after = rules("3%");
    try (HitMemory memory = new HitMemory(file, () -> after)) {
      memory.recall(after);

      HitRecord record = recordOf(after);
      assertThat(record.learned()).isEqualTo(recordOf(before).learned());
      assertThat(record.byRoute()).isEqualTo(recordOf(before).byRoute());
      assertThat(record.gate().report()).isEqualTo(recordOf(before).gate().report());
      assertThat(record.gate().shouldVerify(0.5)).isFalse();
      assertThat(record.comparer().leastLikeness())
          .isEqualTo(recordOf(before).comparer().leastLikeness());
      // Once: what is learned from here on is not forgotten at the next reload.
      record.checked("gpt-4o-mini", 0.99, false, true);
      memory.recall(after);
      assertThat(checksOf(after)).containsExactly(401L);
    }
  }

  @Test
  void recall_ofOtherTerms_knowsNothing() {
    new HitMemory(file, HitMemoryTest::checked).close();
    SemanticRules other = rules("1%");
    try (HitMemory memory = new HitMemory(file, () -> other)) {
      memory.recall(other);
      assertThat(recordOf(other).gate().report().checked()).isZero();
    }
  }

  @Test
  void recall_fileThatCannotBeRead_knowsNothing_andIsWrittenAnew() throws IOException {
    for (String damaged : new String[] {"", "null", "{", "[]", "{\"a\":1}", "{\"a\":{}}"}) {
      Files.writeString(file, damaged);
      SemanticRules rules = checked();
      try (HitMemory memory = new HitMemory(file, () -> rules)) {
        memory.recall(rules);
        assertThat(checksOf(rules)).containsExactly(400L);
      }
      assertThat(Files.readString(file)).as(damaged).contains("gpt-4o-mini");
    }
  }

  @Test
  void close_beforeAnyRules_leavesTheFileAlone() throws IOException {
    new HitMemory(file, HitMemoryTest::checked).close();
    String written = Files.readString(file);
    new HitMemory(file, () -> null).close();
    assertThat(Files.readString(file)).isEqualTo(written);
  }
}

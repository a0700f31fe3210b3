package io.penstock.core.rule;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.rule.Conditions.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConditionIndexTest {
  private final Conditions conditions = new Conditions();

  @Test
  void index_randomConditionsAndFacts_answersWhatAskingEachInOrderAnswers() {
    Random random = new Random(11);
    List<Condition> pool = new ArrayList<>(List.of(Condition.ALWAYS));
    for (int i = 0; i < 400; i++) {
      String text = RandomConditions.condition(random, 2);
      pool.add(conditions.compileNew(text, Kind.REQUEST, random.nextInt(4) > 0));
    }
    for (int round = 0; round < 60; round++) {
      int size = random.nextInt(round % 2 == 0 ? 12 : 250);
      List<Condition> list =
          IntStream.range(0, size).mapToObj(i -> pool.get(random.nextInt(pool.size()))).toList();
      ConditionIndex index = new ConditionIndex(list);
      for (int i = 0; i < 10; i++) {
        Facts facts = RandomConditions.facts(random);
        int[] expected = IntStream.range(0, size).filter(k -> list.get(k).test(facts)).toArray();
        assertThat(index.all(facts)).as("round %d", round).containsExactly(expected);
        assertThat(index.first(facts)).isEqualTo(expected.length == 0 ? -1 : expected[0]);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "metadata.project == \"%s\"",
        "\"%s\" == metadata[\"project\"] && tokens > 3",
        "metadata.project in [\"%s\", \"%1$s!\"] && stream",
        "team == \"eng\" && metadata.project == \"%s\" && size(text) > 3",
        "user == \"%s\" || (app == \"a\" && key == \"%1$s\")",
        "!(tokens > 3) && end_user == \"%s\"",
      })
  void all_manyThatCompareTexts_asksNoneThatTheTextsRuleOut(String text) {
    AtomicInteger asked = new AtomicInteger();
    List<Condition> list = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      String one = text.formatted("p" + i);
      Condition known = conditions.compile(one, Kind.REQUEST);
      Predicate<Facts> counting =
          facts -> {
            asked.incrementAndGet();
            return known.test(facts);
          };
      List<Set<Clue>> clues = ((CompiledCondition) known).clues();
      list.add(new DirectCondition(one, new Rewriter(), clues, List.of(), counting));
    }
    ConditionIndex index = new ConditionIndex(list);

    for (int i = 0; i < 200; i++) {
      TestFacts facts = new TestFacts().set("team", "eng").set("user", "someone");
      assertThat(index.all(facts.metadata("project", "unique" + i))).isEmpty();
    }
    assertThat(asked).hasValue(0);
    index.all(
        new TestFacts()
            .set("team", "eng")
            .set("user", "p7")
            .set("end_user", "p7")
            .metadata("project", "p7"));
    assertThat(asked.get()).isBetween(1, 2);
  }

  @Test
  void all_manyThatReadTextsInOtherWays_askedOncePerCombination() {
    AtomicInteger asked = new AtomicInteger();
    List<Condition> list = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      String start = "a" + i;
      list.add(
          new Condition() {
            @Override
            public boolean test(Facts facts) {
              asked.incrementAndGet();
              return facts.user().startsWith(start);
            }

            @Override
            public String text() {
              return start;
            }

            @Override
            public Set<String> variables() {
              return Set.of("user");
            }
          });
    }
    ConditionIndex index = new ConditionIndex(list);

    for (int i = 0; i < 10; i++) {
      TestFacts facts = new TestFacts().set("user", "a99").set("model", "m" + i);
      assertThat(index.all(facts.metadata("request", "" + i))).containsExactly(9, 99);
    }
    assertThat(asked).hasValue(100);
  }

  @Test
  void all_metadataAbsentOrEmpty_areToldApartOnlyByConditionsThatDo() {
    List<Condition> list =
        IntStream.range(0, 12)
            .mapToObj(i ->
                switch (i % 4) {
                  case 0 -> "metadata.x == ''";
                  case 1 -> "has(metadata.x)";
                  case 2 -> "'x' in metadata && metadata.x == ''";
                  default -> "!has(metadata.x) || metadata.x != ''";
                })
            .map(text -> conditions.compile(text, Kind.REQUEST))
            .toList();
    ConditionIndex index = new ConditionIndex(list);

    assertThat(index.all(new TestFacts())).containsExactly(0, 3, 4, 7, 8, 11);
    assertThat(index.all(new TestFacts().metadata("x", "")))
        .containsExactly(0, 1, 2, 4, 5, 6, 8, 9, 10);
    assertThat(index.all(new TestFacts().metadata("x", "v"))).containsExactly(1, 3, 5, 7, 9, 11);
  }

  @Test
  void all_textsThatClientsMakeUpWithoutEnd_staysRightAndBounded() {
    List<Condition> list =
        IntStream.range(0, 50)
            .mapToObj(i -> conditions.compile("user.endsWith('" + i + "')", Kind.REQUEST))
            .toList();
    ConditionIndex index = new ConditionIndex(list);
    String longText = "x".repeat(16_384);

    for (int i = 0; i < 600; i++) {
      int[] holding = index.all(new TestFacts().set("user", longText + i));
      assertThat(holding).hasSizeBetween(1, 2);
      assertThat(holding[0]).isEqualTo(i % 10);
    }
  }
}

package io.penstock.core.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.route.Calibrator.Example;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RouterTest {
  private static double score(String prompt) {
    return Router.shipped().score(PromptFeatures.of(prompt, 0), null);
  }

  @Test
  void score_shipped_simpleBelowHard() {
    String simple = "What is the capital of France?";
    String hard =
        """
        Given the service below, explain why the lock is never released when the call fails, and
        refactor it so that, unless the caller asks for it, no thread waits for more than 2 s.
        ```java
        synchronized (lock) { if (ready) { call(); } else { wait(); } }
        ```
        Compare at least two designs, and prove that neither deadlocks.
        """;

    assertThat(score(simple)).isBetween(0.0, 0.2);
    assertThat(score(hard)).isBetween(0.6, 1.0);
    assertThat(score(hard)).isEqualTo(score(hard));
    assertThat(score("")).isBetween(0.0, 0.1);
  }

  @Test
  void score_moreTools_higher() {
    Router router = Router.shipped();
    assertThat(router.score(PromptFeatures.of("Book a flight.", 8), null))
        .isGreaterThan(router.score(PromptFeatures.of("Book a flight.", 0), null));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Please summarize this article | SUMMARISE",
        "Translate to French: good morning | TRANSLATE",
        "Classify the sentiment of this review | CLASSIFY",
        "Extract every date and give it as JSON | EXTRACT",
        "Write a Python function that sorts | CODE",
        "How many apples are left? | REASON",
        "Hello there | CHAT",
      })
  void of_instruction_task(String prompt, TaskClass expected) {
    assertThat(TaskClass.of(prompt)).isEqualTo(expected);
    assertThat(expected.label()).isLowerCase();
  }

  /** Prompts whose gain depends on the embedding's first axis; noise elsewhere. */
  private static List<Example> examples(int count, long seed) {
    Random random = new Random(seed);
    List<Example> examples = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float[] embedding = new float[8];
      for (int j = 0; j < embedding.length; j++) {
        embedding[j] = (float) random.nextGaussian() / 8;
      }
      double gain = random.nextDouble() < 0.3 + 2 * embedding[0] ? 1 : 0;
      String prompt = "word ".repeat(1 + random.nextInt(40));
      examples.add(new Example(PromptFeatures.of(prompt, 0), embedding, gain));
    }
    return examples;
  }

  @Test
  void fit_signalInEmbedding_heldOutCurveBeatsChance() {
    Calibrator.Fitted fitted = Calibrator.fit(examples(1500, 3));

    assertThat(fitted.area()).isGreaterThan(0.6);
    assertThat(fitted.curve()).hasSize(11);
    assertThat(fitted.curve())
        .allSatisfy(p -> assertThat(p.recovered()).isBetween(p.low() - 0.05, p.high() + 0.05));
    assertThat(fitted.curve().getLast().recovered()).isCloseTo(1, within(1e-9));
  }

  @Test
  void fit_askedShare_isMetOnFreshPrompts() {
    Router router = Calibrator.fit(examples(1500, 3)).router();
    List<Example> fresh = examples(2000, 4);

    for (double share : new double[] {0.1, 0.2, 0.5}) {
      double threshold = router.thresholdOfShare(share);
      long strong =
          fresh.stream().filter(e -> router.score(e.features(), e.embedding()) > threshold).count();
      assertThat(strong / 2000.0).isCloseTo(share, within(0.03));
    }
  }

  @Test
  void read_fileOfFit_scoresTheSame() {
    Calibrator.Fitted fitted = Calibrator.fit(examples(300, 5));
    Router read = Calibrator.read(fitted.file());

    for (Example example : examples(20, 6)) {
      assertThat(read.score(example.features(), example.embedding()))
          .isEqualTo(fitted.router().score(example.features(), example.embedding()));
    }
    assertThat(read.usesEmbedding()).isTrue();
    assertThat(read.embeddingLength()).isEqualTo(8);
    assertThat(read).isEqualTo(fitted.router()).isNotEqualTo(Router.shipped());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "means            | []       | means: 0 numbers (expected: 16)",
        "weights          | [1]      | weights: 1 numbers (expected: at least 16)",
        "quantiles        | [0.5, 0] | quantiles: 0.0 after 0.5 (expected: rising)",
        "quantiles        | [0, \"\"] | quantiles[1]: \"\" (expected: a number)",
        "head             | 0        | head: 0.0 (expected: above 0)",
        "bias             | null     | bias: null (expected: a number)",
        "features         | []       | features: [] (expected: [log_length",
      })
  void read_damagedFile_refusedWithPlaceAndValue(String name, String value, String reason)
      throws Exception {
    ObjectMapper json = new ObjectMapper();
    ObjectNode file = (ObjectNode) json.readTree(Calibrator.fit(examples(60, 5)).file());
    file.set(name, json.readTree(value));
    assertThatThrownBy(() -> Calibrator.read(file.toString()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(reason);
  }

  @Test
  void read_otherFile_refusedWithReason() {
    assertThatThrownBy(() -> Calibrator.read("{\"format\":\"x\"}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected: penstock-router-1");
    assertThatThrownBy(() -> Calibrator.read("no json"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void fit_labelsWithoutGapOrTooFew_refusedWithReason() {
    assertThatThrownBy(() -> Calibrator.fit(examples(10, 1))).hasMessageContaining("expected: >=");
    List<Example> equal =
        examples(60, 1).stream().map(e -> new Example(e.features(), null, 0)).toList();
    assertThatThrownBy(() -> Calibrator.fit(equal)).hasMessageContaining("no better");
  }

  @Test
  void threshold_traffic_learnsItsOwnShare() {
    ScoreShares shares = new ScoreShares(Router.shipped());
    Random random = new Random(9);
    for (int i = 0; i < 5000; i++) {
      shares.seen(Math.pow(random.nextDouble(), 3));
    }
    double threshold = shares.threshold(0.2);
    long strong = random.doubles(5000).map(d -> Math.pow(d, 3)).filter(s -> s > threshold).count();

    assertThat(strong / 5000.0).isCloseTo(0.2, within(0.03));
  }
}

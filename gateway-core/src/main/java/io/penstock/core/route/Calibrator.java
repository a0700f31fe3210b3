package io.penstock.core.route;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Fits a router on labelled prompts and says what it is worth, measured on prompts that it was not
 * fitted on. Takes seconds: not on a loop. Deterministic.
 */
public final class Calibrator {
  private static final int FOLDS = 5;
  private static final int RESAMPLES = 200;
  private static final double RIDGE = 50;
  private static final int LEAST = 50;
  private static final int TENTHS = 10;

  private Calibrator() {}

  /**
   * A labelled prompt.
   *
   * @param embedding or null; all examples have one, or none has
   * @param gain quality of the strong model's answer less that of the weak one's, -1..1
   */
  public record Example(PromptFeatures features, float @Nullable [] embedding, double gain) {}

  /**
   * A point of the curve: at this share of strong calls so much of the gap is recovered.
   *
   * @param low 2.5 % of resamples lie below
   * @param high 2.5 % of resamples lie above
   */
  public record Point(double share, double recovered, double low, double high) {}

  /**
   * What was fitted.
   *
   * @param router for use
   * @param file its file's text
   * @param curve on held-out prompts, shares rising
   * @param area mean of the recovered share over all shares; 0.5 is chance
   * @param scores held-out scores in the order of the examples
   * @param shares share of held-out prompts that goes to the strong model when 0, 10... 100 % is
   *     asked for
   */
  public record Fitted(
      Router router,
      String file,
      List<Point> curve,
      double area,
      double[] scores,
      double[] shares) {}

  /**
   * Reads a file that calibrate made.
   *
   * @throws IllegalArgumentException when it is none; says why
   */
  public static Router read(String file) {
    return LearnedRouter.ofJson(file);
  }

  /**
   * Fits on all examples; the curve is cross-validated.
   *
   * @throws IllegalArgumentException when there are fewer than 50 examples, when only some have an
   *     embedding, or when the strong model is no better
   */
  public static Fitted fit(List<Example> examples) {
    check(examples);
    List<Integer> order = new ArrayList<>(IntStream.range(0, examples.size()).boxed().toList());
    Collections.shuffle(order, new Random(1));
    double[] scores = new double[examples.size()];
    double[] shares = new double[TENTHS + 1];
    for (int fold = 0; fold < FOLDS; fold++) {
      List<Example> rest = new ArrayList<>();
      for (int i = 0; i < order.size(); i++) {
        if (i % FOLDS != fold) {
          rest.add(examples.get(order.get(i)));
        }
      }
      LearnedRouter router = train(rest);
      for (int i = fold; i < order.size(); i += FOLDS) {
        Example example = examples.get(order.get(i));
        double score = router.score(example.features(), example.embedding());
        scores[order.get(i)] = score;
        for (int tenth = 0; tenth <= TENTHS; tenth++) {
          boolean strong = score > router.thresholdOfShare(tenth / (double) TENTHS);
          shares[tenth] += strong ? 1.0 / examples.size() : 0;
        }
      }
    }
    String file = train(examples).toJson();
    double[] gains = examples.stream().mapToDouble(Example::gain).toArray();
    return new Fitted(
        LearnedRouter.ofJson(file),
        file,
        curve(gains, scores),
        area(gains, scores),
        scores,
        shares);
  }

  private static void check(List<Example> examples) {
    if (examples.size() < LEAST) {
      throw new IllegalArgumentException(
          "%d labelled prompts (expected: >= %d)".formatted(examples.size(), LEAST));
    }
    long embedded = examples.stream().filter(e -> e.embedding() != null).count();
    if (embedded != 0 && embedded != examples.size()) {
      throw new IllegalArgumentException(
          "%d of %d prompts have an embedding (expected: all or none)"
              .formatted(embedded, examples.size()));
    }
    if (examples.stream().mapToDouble(Example::gain).sum() <= 0) {
      throw new IllegalArgumentException(
          "the strong model is no better on these labels (expected: a gap to recover)");
    }
  }

  private static LearnedRouter train(List<Example> examples) {
    int n = PromptFeatures.NAMES.size();
    float[] first = examples.getFirst().embedding();
    int width = n + (first == null ? 0 : first.length);
    double[] means = new double[n];
    double[] scales = new double[n];
    for (int i = 0; i < n; i++) {
      int feature = i;
      double[] column =
          examples.stream().mapToDouble(e -> e.features().vector()[feature]).toArray();
      means[i] = mean(column);
      scales[i] = deviation(column);
    }
    LearnedRouter blank =
        new LearnedRouter("", new double[width], means, scales, 0, 1, 0, 1, new double[] {0, 1});
    double[][] inputs = new double[examples.size()][];
    double[] gains = new double[examples.size()];
    double[] priors = new double[examples.size()];
    for (int i = 0; i < inputs.length; i++) {
      Example example = examples.get(i);
      inputs[i] = blank.inputs(example.features().vector(), example.embedding());
      gains[i] = example.gain();
      priors[i] = LearnedRouter.priorOf(example.features());
    }
    Ridge head = Ridge.fit(inputs, gains, RIDGE);
    double[] outputs = Arrays.stream(inputs).mapToDouble(head::predict).toArray();
    LearnedRouter router =
        new LearnedRouter(
            "",
            head.weights(),
            means,
            scales,
            head.bias() - mean(outputs),
            deviation(outputs),
            mean(priors),
            deviation(priors),
            new double[] {0, 1});
    return withQuantiles(router, examples);
  }

  private static LearnedRouter withQuantiles(LearnedRouter router, List<Example> examples) {
    double[] sorted =
        examples.stream()
            .mapToDouble(e -> router.score(e.features(), e.embedding()))
            .sorted()
            .toArray();
    double[] quantiles = new double[101];
    for (int i = 0; i <= 100; i++) {
      quantiles[i] = sorted[(int) Math.round(i / 100.0 * (sorted.length - 1))];
    }
    return new LearnedRouter(
        "",
        router.weights(),
        router.means(),
        router.scales(),
        router.bias(),
        router.head(),
        router.priorMean(),
        router.priorScale(),
        quantiles);
  }

  private static List<Point> curve(double[] gains, double[] scores) {
    Random random = new Random(2);
    double[][] resampled = new double[RESAMPLES][];
    for (int i = 0; i < RESAMPLES; i++) {
      int[] drawn = random.ints(gains.length, 0, gains.length).toArray();
      resampled[i] =
          recovered(
              Arrays.stream(drawn).mapToDouble(d -> gains[d]).toArray(),
              Arrays.stream(drawn).mapToDouble(d -> scores[d]).toArray());
    }
    double[] all = recovered(gains, scores);
    List<Point> points = new ArrayList<>();
    for (int tenth = 0; tenth <= TENTHS; tenth++) {
      double share = tenth / (double) TENTHS;
      int at = (int) Math.round(share * gains.length);
      double[] here = Arrays.stream(resampled).mapToDouble(r -> r[at]).sorted().toArray();
      int tail = RESAMPLES / 40;
      points.add(new Point(share, all[at], here[tail], here[RESAMPLES - 1 - tail]));
    }
    return List.copyOf(points);
  }

  /** Share of the gap recovered when 0, 1, 2... prompts of highest score go to the strong model. */
  private static double[] recovered(double[] gains, double[] scores) {
    double total = Arrays.stream(gains).sum();
    Integer[] order = IntStream.range(0, gains.length).boxed().toArray(Integer[]::new);
    Arrays.sort(order, (a, b) -> Double.compare(scores[b], scores[a]));
    double[] shares = new double[gains.length + 1];
    for (int i = 0; i < order.length; i++) {
      shares[i + 1] = shares[i] + (total == 0 ? 0 : gains[order[i]] / total);
    }
    return shares;
  }

  static double area(double[] gains, double[] scores) {
    double[] shares = recovered(gains, scores);
    double sum = 0;
    for (int i = 1; i < shares.length; i++) {
      sum += (shares[i] + shares[i - 1]) / 2;
    }
    return sum / (shares.length - 1);
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElse(0);
  }

  private static double deviation(double[] values) {
    double mean = mean(values);
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).average().orElse(0);
    return squares > 0 ? Math.sqrt(squares) : 1;
  }
}

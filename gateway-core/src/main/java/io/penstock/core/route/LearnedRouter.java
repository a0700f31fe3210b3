package io.penstock.core.route;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.identity.Hashes;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A router that {@link Calibrator} has fitted: a linear head over features and, if it was trained
 * with one, the embedding, added to the shipped rules as a prior. Its file is JSON. Two that were
 * read from the same text are equal.
 *
 * @param id hash of the file it was read from, "" before there is one
 * @param weights of the standardised features, then of the embedding
 * @param means of the features
 * @param scales of the features
 * @param bias of the head
 * @param head standard deviation of the head's output
 * @param priorMean mean of the shipped router's log-odds
 * @param priorScale standard deviation of them
 * @param quantiles scores at 0%, 1% ... 100% of the training prompts
 */
record LearnedRouter(
    String id,
    double[] weights,
    double[] means,
    double[] scales,
    double bias,
    double head,
    double priorMean,
    double priorScale,
    double[] quantiles)
    implements Router {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String FORMAT = "penstock-router-1";

  /** How much the head's inputs weigh before it is fitted: many weak features, few strong. */
  static final double FEATURE_SCALE = 0.15;

  static final double EMBEDDING_SCALE = 3;

  @Override
  public double score(PromptFeatures features, float @Nullable [] embedding) {
    return ShippedRouter.logistic(raw(features, embedding));
  }

  private double raw(PromptFeatures features, float @Nullable [] embedding) {
    double prior = (priorOf(features) - priorMean) / priorScale;
    if (usesEmbedding() && embedding == null) {
      // Without the embedding it was trained on the head says nothing; the rules still do.
      return prior;
    }
    return output(inputs(features.vector(), embedding)) / head + prior;
  }

  static double priorOf(PromptFeatures features) {
    double score = Router.shipped().score(features, null);
    return Math.log(score / (1 - score));
  }

  /** The head's inputs. */
  double[] inputs(double[] features, float @Nullable [] embedding) {
    double[] inputs = new double[weights.length];
    for (int i = 0; i < features.length; i++) {
      inputs[i] = FEATURE_SCALE * (features[i] - means[i]) / scales[i];
    }
    for (int i = features.length; i < inputs.length && embedding != null; i++) {
      inputs[i] = EMBEDDING_SCALE * embedding[i - features.length];
    }
    return inputs;
  }

  private double output(double[] inputs) {
    double sum = bias;
    for (int i = 0; i < inputs.length; i++) {
      sum += weights[i] * inputs[i];
    }
    return sum;
  }

  @Override
  public int embeddingLength() {
    return weights.length - means.length;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof LearnedRouter router && id.equals(router.id);
  }

  @Override
  public int hashCode() {
    return id.hashCode();
  }

  @Override
  public double thresholdOfShare(double share) {
    double place = Math.clamp(1 - share, 0, 1) * (quantiles.length - 1);
    int below = (int) Math.min(place, quantiles.length - 2);
    double part = place - below;
    return quantiles[below] * (1 - part) + quantiles[below + 1] * part;
  }

  /** Returns the file's text. */
  String toJson() {
    ObjectNode file = JSON.createObjectNode();
    file.put("format", FORMAT).put("bias", bias).put("head", head);
    file.put("prior_mean", priorMean).put("prior_scale", priorScale);
    file.set("features", JSON.valueToTree(PromptFeatures.NAMES));
    file.set("weights", JSON.valueToTree(weights));
    file.set("means", JSON.valueToTree(means));
    file.set("scales", JSON.valueToTree(scales));
    file.set("quantiles", JSON.valueToTree(quantiles));
    return file.toString();
  }

  /**
   * Reads a file.
   *
   * @throws IllegalArgumentException when it is no router file of this version; says why
   */
  static LearnedRouter ofJson(String text) {
    try {
      JsonNode file = JSON.readTree(text);
      String format = file.path("format").asText();
      if (!format.equals(FORMAT)) {
        throw new IllegalArgumentException(
            "format: \"%s\" (expected: %s)".formatted(format, FORMAT));
      }
      String[] named = JSON.treeToValue(file.path("features"), String[].class);
      List<String> names = named == null ? List.of() : Arrays.asList(named);
      if (!names.equals(PromptFeatures.NAMES)) {
        throw new IllegalArgumentException(
            "features: %s (expected: %s; calibrate again)".formatted(names, PromptFeatures.NAMES));
      }
      int n = names.size();
      return new LearnedRouter(
          Hashes.of(text),
          numbers(file, "weights", n, Integer.MAX_VALUE),
          numbers(file, "means", n, n),
          positive("scales", numbers(file, "scales", n, n)),
          number(file, "bias"),
          positive("head", number(file, "head"))[0],
          number(file, "prior_mean"),
          positive("prior_scale", number(file, "prior_scale"))[0],
          rising(numbers(file, "quantiles", 2, Integer.MAX_VALUE)));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("is not JSON: " + e.getOriginalMessage(), e);
    }
  }

  private static double[] numbers(JsonNode file, String name, int least, int most) {
    JsonNode list = file.path(name);
    if (list.size() < least || list.size() > most) {
      String expected = least == most ? "" + most : "at least " + least;
      throw new IllegalArgumentException(
          "%s: %d numbers (expected: %s)".formatted(name, list.size(), expected));
    }
    double[] numbers = new double[list.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = finite(name + "[" + i + "]", list.path(i));
    }
    return numbers;
  }

  private static double number(JsonNode file, String name) {
    return finite(name, file.path(name));
  }

  private static double finite(String name, JsonNode node) {
    double number = node.isNumber() ? node.asDouble() : Double.NaN;
    if (!Double.isFinite(number)) {
      throw new IllegalArgumentException(
          "%s: %s (expected: a number)".formatted(name, node.isMissingNode() ? "missing" : node));
    }
    return number;
  }

  /** What is divided by. */
  private static double[] positive(String name, double... numbers) {
    for (double number : numbers) {
      if (!(number > 0)) {
        throw new IllegalArgumentException("%s: %s (expected: above 0)".formatted(name, number));
      }
    }
    return numbers;
  }

  private static double[] rising(double[] quantiles) {
    for (int i = 1; i < quantiles.length; i++) {
      if (quantiles[i] < quantiles[i - 1]) {
        throw new IllegalArgumentException(
            "quantiles: %s after %s (expected: rising)".formatted(quantiles[i], quantiles[i - 1]));
      }
    }
    return quantiles;
  }
}

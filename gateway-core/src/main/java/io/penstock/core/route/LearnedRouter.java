package io.penstock.core.route;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A router that {@link Calibrator} has fitted: a linear head over features and, if it was trained
 * with one, the embedding, added to the shipped rules as a prior. Its file is JSON.
 *
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
  public boolean usesEmbedding() {
    return weights.length > means.length;
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
      List<String> names = Arrays.asList(JSON.treeToValue(file.path("features"), String[].class));
      if (!names.equals(PromptFeatures.NAMES)) {
        throw new IllegalArgumentException(
            "features: %s (expected: %s; calibrate again)".formatted(names, PromptFeatures.NAMES));
      }
      return new LearnedRouter(
          numbers(file, "weights", names.size()),
          numbers(file, "means", names.size()),
          numbers(file, "scales", names.size()),
          file.path("bias").asDouble(),
          file.path("head").asDouble(),
          file.path("prior_mean").asDouble(),
          file.path("prior_scale").asDouble(),
          numbers(file, "quantiles", 2));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("is not JSON: " + e.getOriginalMessage(), e);
    }
  }

  private static double[] numbers(JsonNode file, String name, int least)
      throws JsonProcessingException {
    double[] numbers = JSON.treeToValue(file.path(name), double[].class);
    if (numbers == null || numbers.length < least) {
      throw new IllegalArgumentException(name + ": too few (expected: >= " + least + ")");
    }
    return numbers;
  }
}

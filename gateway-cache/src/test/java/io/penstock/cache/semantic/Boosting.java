package io.penstock.cache.semantic;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Gradient boosting of small trees on the logistic loss. A feature with a direction never moves a
 * score the other way: splits that would are refused, and bounds are handed down the tree.
 */
final class Boosting {
  private static final int TREES = 250;
  private static final int DEPTH = 3;
  private static final int MIN_LEAF = 15;
  private static final double RATE = 0.06;
  private static final double RIDGE = 3;
  private static final int BINS = 40;

  private final double[][] rows;
  private final double[] gradient;
  private final double[] hessian;
  private final double[][] cuts;

  private Boosting(double[][] rows) {
    this.rows = rows;
    this.gradient = new double[rows.length];
    this.hessian = new double[rows.length];
    this.cuts = new double[PairFeatures.NAMES.length][];
    for (int f = 0; f < cuts.length; f++) {
      int feature = f;
      double[] sorted = Arrays.stream(rows).mapToDouble(row -> row[feature]).sorted().toArray();
      double[] quantiles = new double[BINS - 1];
      for (int q = 1; q < BINS; q++) {
        quantiles[q - 1] = sorted[q * (sorted.length - 1) / BINS];
      }
      cuts[f] = Arrays.stream(quantiles).distinct().toArray();
    }
  }

  static Trees train(double[][] rows, boolean[] same) {
    Boosting boosting = new Boosting(rows);
    double[] logits = new double[rows.length];
    List<Trees.Node> trees = new ArrayList<>();
    int[] all = new int[rows.length];
    Arrays.setAll(all, i -> i);
    for (int t = 0; t < TREES; t++) {
      for (int i = 0; i < rows.length; i++) {
        double p = 1 / (1 + Math.exp(-logits[i]));
        boosting.gradient[i] = (same[i] ? 1 : 0) - p;
        boosting.hessian[i] = Math.max(1e-6, p * (1 - p));
      }
      Trees.Node tree = boosting.grow(all, DEPTH, -9, 9);
      trees.add(tree);
      for (int i = 0; i < rows.length; i++) {
        logits[i] += value(tree, rows[i]);
      }
    }
    return new Trees(trees);
  }

  private static double value(Trees.Node node, double[] row) {
    Trees.Node at = node;
    while (at.feature() >= 0) {
      boolean left = (float) row[at.feature()] <= (float) at.threshold();
      at = left ? at.children().getFirst() : at.children().getLast();
    }
    return at.value();
  }

  private double best(double g, double h) {
    return g / (h + RIDGE);
  }

  private Trees.Node grow(int[] in, int depth, double low, double high) {
    double g = 0;
    double h = 0;
    for (int i : in) {
      g += gradient[i];
      h += hessian[i];
    }
    double own = Math.clamp(best(g, h), low, high);
    if (depth == 0 || in.length < 2 * MIN_LEAF) {
      return Trees.Node.leaf(RATE * own);
    }
    double gain = 1e-3;
    int feature = -1;
    double threshold = 0;
    for (int f = 0; f < cuts.length; f++) {
      for (double cut : cuts[f]) {
        double candidate = gain(in, f, cut, g, h, low, high);
        if (candidate > gain) {
          gain = candidate;
          feature = f;
          threshold = cut;
        }
      }
    }
    if (feature < 0) {
      return Trees.Node.leaf(RATE * own);
    }
    return split(in, feature, threshold, depth, low, high);
  }

  private double gain(int[] in, int f, double cut, double g, double h, double low, double high) {
    double gl = 0;
    double hl = 0;
    int n = 0;
    for (int i : in) {
      if ((float) rows[i][f] <= (float) cut) {
        gl += gradient[i];
        hl += hessian[i];
        n++;
      }
    }
    if (n < MIN_LEAF || in.length - n < MIN_LEAF) {
      return 0;
    }
    double left = Math.clamp(best(gl, hl), low, high);
    double right = Math.clamp(best(g - gl, h - hl), low, high);
    if ((right - left) * PairFeatures.direction(f) < 0) {
      return 0;
    }
    double own = Math.clamp(best(g, h), low, high);
    return score(gl, hl, left) + score(g - gl, h - hl, right) - score(g, h, own);
  }

  private static double score(double g, double h, double value) {
    return 2 * g * value - (h + RIDGE) * value * value;
  }

  private Trees.Node split(
      int[] in, int feature, double threshold, int depth, double low, double high) {
    int[] left =
        Arrays.stream(in).filter(i -> (float) rows[i][feature] <= (float) threshold).toArray();
    int[] right =
        Arrays.stream(in).filter(i -> (float) rows[i][feature] > (float) threshold).toArray();
    int direction = PairFeatures.direction(feature);
    double middle = Math.clamp((mean(left) + mean(right)) / 2, low, high);
    Trees.Node below =
        grow(
            left,
            depth - 1,
            direction < 0 ? Math.max(low, middle) : low,
            direction > 0 ? Math.min(high, middle) : high);
    Trees.Node above =
        grow(
            right,
            depth - 1,
            direction > 0 ? Math.max(low, middle) : low,
            direction < 0 ? Math.min(high, middle) : high);
    return new Trees.Node(feature, threshold, 0, List.of(below, above));
  }

  private double mean(int[] in) {
    double g = 0;
    double h = 0;
    for (int i : in) {
      g += gradient[i];
      h += hessian[i];
    }
    return best(g, h);
  }
}

package io.penstock.cache.semantic;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A sum of small decision trees, as a logit. The file has one tree per line: node after node, depth
 * first, {@code feature:threshold} for a branch (at most the threshold goes left), a number for a
 * leaf. Immutable.
 */
final class Trees {
  /** A node; a leaf has feature -1. */
  record Node(int feature, double threshold, double value, List<Node> children) {
    static Node leaf(double value) {
      return new Node(-1, 0, value, List.of());
    }
  }

  private final List<Node> roots;

  Trees(List<Node> roots) {
    this.roots = List.copyOf(roots);
  }

  static Trees load(String resource) throws IOException {
    try (InputStream in = Trees.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IOException(resource + " is not on the class path");
      }
      BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
      List<Node> roots = new ArrayList<>();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.startsWith("#")) {
          roots.add(parse(line.split(" "), new int[1]));
        }
      }
      return new Trees(roots);
    }
  }

  private static Node parse(String[] words, int[] at) {
    String word = words[at[0]++];
    int colon = word.indexOf(':');
    if (colon < 0) {
      return Node.leaf(Double.parseDouble(word));
    }
    int feature = Integer.parseInt(word.substring(0, colon));
    double threshold = Double.parseDouble(word.substring(colon + 1));
    Node left = parse(words, at);
    return new Node(feature, threshold, 0, List.of(left, parse(words, at)));
  }

  String text() {
    StringBuilder text = new StringBuilder();
    for (Node root : roots) {
      write(root, text);
      text.setLength(text.length() - 1);
      text.append('\n');
    }
    return text.toString();
  }

  private static void write(Node node, StringBuilder text) {
    if (node.feature < 0) {
      text.append((float) node.value).append(' ');
      return;
    }
    text.append(node.feature).append(':').append((float) node.threshold).append(' ');
    write(node.children.getFirst(), text);
    write(node.children.getLast(), text);
  }

  /** Returns the probability that the model gives. */
  double probability(double[] features) {
    double logit = 0;
    for (Node root : roots) {
      Node node = root;
      while (node.feature >= 0) {
        boolean left = (float) features[node.feature] <= (float) node.threshold;
        node = left ? node.children.getFirst() : node.children.getLast();
      }
      logit += node.value;
    }
    return 1 / (1 + Math.exp(-logit));
  }
}

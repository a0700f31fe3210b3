package io.penstock.cache.semantic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Trains the shipped verifier on labelled pairs: lines of {@code id, a, b, same, source}.
 * Arguments: pairs, a file to keep similarities in, the model to write, a file for cross-validated
 * scores.
 *
 * <p>Cross-validation leaves one source out at a time: each pair is scored by a model that has seen
 * no pair of its source. Vetoes come before the model, in training as in use.
 */
final class VerifierTraining {
  private static final ObjectMapper JSON = new ObjectMapper();

  private VerifierTraining() {}

  private record Pair(
      String id, String a, String b, boolean same, String source, double first, double second) {}

  public static void main(String[] args) throws IOException {
    Verifier verifier =
        new Verifier(
            Lexicon.load(),
            WordPiece.load("/all-minilm-l6-v2-q-tokenizer.json"),
            new Trees(List.of()));
    List<Pair> pairs = read(Path.of(args[0]), Path.of(args[1]));
    List<double[]> features = new ArrayList<>();
    List<Verifier.@Nullable Verdict> early = new ArrayList<>();
    for (Pair pair : pairs) {
      Alignment aligned = verifier.align(pair.a, pair.b);
      features.add(verifier.features(aligned, pair.first, pair.second));
      boolean bypassed =
          BypassText.check(pair.a, true) != null || BypassText.check(pair.b, true) != null;
      early.add(
          bypassed
              ? Verifier.Verdict.vetoed("bypass")
              : verifier.beforeModel(pair.a, pair.b, aligned));
    }
    report(pairs, early);
    StringBuilder scores = new StringBuilder();
    for (String source : new TreeSet<>(pairs.stream().map(Pair::source).toList())) {
      Trees trees = train(pairs, features, early, source);
      for (int i = 0; i < pairs.size(); i++) {
        if (pairs.get(i).source.equals(source)) {
          Verifier.Verdict verdict = early.get(i);
          double score = verdict == null ? trees.probability(features.get(i)) : verdict.score();
          scores.append("{\"id\":\"%s\",\"score\":%.6f}%n".formatted(pairs.get(i).id, score));
        }
      }
    }
    Files.writeString(Path.of(args[3]), scores);
    Files.writeString(Path.of(args[2]), HEADER + train(pairs, features, early, "").text());
  }

  private static final String HEADER =
      "# Made by VerifierTraining from Advising, Disfl-QA, RQE and Banking77 (CC BY 4.0) and SVAMP"
          + " (MIT).\n# Features in the order of PairFeatures.NAMES.\n";

  private static Trees train(
      List<Pair> pairs,
      List<double[]> features,
      List<Verifier.@Nullable Verdict> early,
      String without) {
    List<Integer> in = new ArrayList<>();
    for (int i = 0; i < pairs.size(); i++) {
      if (early.get(i) == null && !pairs.get(i).source.equals(without)) {
        in.add(i);
      }
    }
    double[][] rows = in.stream().map(features::get).toArray(double[][]::new);
    boolean[] same = new boolean[in.size()];
    for (int i = 0; i < in.size(); i++) {
      same[i] = pairs.get(in.get(i)).same;
    }
    return Boosting.train(rows, same);
  }

  private static void report(List<Pair> pairs, List<Verifier.@Nullable Verdict> early) {
    java.util.Map<String, Integer> counts = new java.util.TreeMap<>();
    for (int i = 0; i < pairs.size(); i++) {
      Verifier.Verdict verdict = early.get(i);
      String why = verdict == null ? "-" : String.valueOf(verdict.veto());
      counts.merge(pairs.get(i).source + " " + pairs.get(i).same + " " + why, 1, Integer::sum);
      if (verdict != null && pairs.get(i).same && verdict.veto() != null) {
        System.out.println(verdict.veto() + "\t" + pairs.get(i).a + "\t" + pairs.get(i).b);
      }
    }
    counts.forEach((what, n) -> System.out.println(what + " " + n));
  }

  private static List<Pair> read(Path file, Path kept) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      lines.add(JSON.readTree(line));
    }
    if (!Files.exists(kept)) {
      Files.write(kept, similarities(lines));
    }
    List<String> similarities = Files.readAllLines(kept);
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      JsonNode line = lines.get(i);
      String[] of = similarities.get(i).split(" ");
      pairs.add(
          new Pair(
              line.path("id").asText(),
              line.path("a").asText(),
              line.path("b").asText(),
              line.path("same").asBoolean(),
              line.path("source").asText(),
              Double.parseDouble(of[0]),
              Double.parseDouble(of[1])));
    }
    return pairs;
  }

  private static List<String> similarities(List<JsonNode> lines) throws IOException {
    try (OnnxModel first = OnnxModel.miniLm();
        OnnxModel second = OnnxModel.bgeSmall()) {
      return lines.parallelStream()
          .map(line -> {
            String a = line.path("a").asText();
            String b = line.path("b").asText();
            return Vectors.dot(first.embed(a), first.embed(b))
                + " "
                + Vectors.dot(second.embed(a), second.embed(b));
          })
          .toList();
    }
  }
}

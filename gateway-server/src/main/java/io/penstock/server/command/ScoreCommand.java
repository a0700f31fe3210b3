package io.penstock.server.command;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.cache.semantic.PairScorer;
import io.penstock.cache.semantic.TextEmbedder;
import io.penstock.core.route.Router;
import io.penstock.server.config.value.RouterFile;
import io.penstock.server.snapshot.RouteMapping;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code penstock score}: prompts through a router, or pairs through the semantic cache's gates.
 */
@Command(
    name = "score",
    description = "Scores prompts by their need for a strong model, or pairs by one answer's fit.",
    mixinStandardHelpOptions = true)
final class ScoreCommand implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();

  @SuppressWarnings("unused") // every command takes --config; this one needs nothing of it
  @Mixin
  private ConfigOption config = new ConfigOption();

  @ArgGroup(multiplicity = "1")
  private Input input = new Input();

  @Option(
      names = "--router",
      paramLabel = "ROUTER",
      description = "a file that calibrate made (default: the shipped rules)")
  private @Nullable Path router;

  @Option(
      names = "--max-false-hits",
      paramLabel = "X",
      defaultValue = "0.01",
      description = "share of hard wrong pairs that may pass, 0..1 (default: ${DEFAULT-VALUE})")
  private double maxFalseHits = 0.01;

  @Option(names = "--out", required = true, paramLabel = "FILE", description = "where scores go")
  private Path out = Path.of("");

  @Spec private @Nullable CommandSpec spec;

  /** What is scored. */
  static final class Input {
    @Option(
        names = "--prompts",
        required = true,
        paramLabel = "FILE",
        description = "JSON lines with id and prompt (or text), plain or .gz")
    private @Nullable Path prompts;

    @Option(
        names = "--pairs",
        required = true,
        paramLabel = "FILE",
        description = "JSON lines with id, a (answered) and b (asked), plain or .gz")
    private @Nullable Path pairs;
  }

  @Override
  public Integer call() throws IOException {
    Path prompts = input.prompts;
    Path pairs = input.pairs;
    if (pairs != null && router != null) {
      throw new IllegalArgumentException("--router goes with --prompts, not with --pairs");
    }
    StringWriter lines = new StringWriter();
    int scored =
        prompts != null ? prompts(prompts, lines) : pairs == null ? 0 : pairs(pairs, lines);
    Files.writeString(out, lines.getBuffer());
    Commands.out(spec).println(scored + " scored: " + out);
    return ExitCode.OK;
  }

  private int prompts(Path file, StringWriter scores) throws IOException {
    List<JsonLines.Line> lines = JsonLines.read(file);
    Router by = router == null ? Router.shipped() : router(router);
    float[] @Nullable [] embeddings;
    try (TextEmbedder embedder = by.usesEmbedding() ? new TextEmbedder() : null) {
      embeddings = Prompts.embeddings(lines, embedder);
    }
    for (int i = 0; i < lines.size(); i++) {
      JsonLines.Line line = lines.get(i);
      double score = by.score(Prompts.features(line), embeddings[i]);
      ObjectNode result = JSON.createObjectNode();
      result.set("id", line.required("id"));
      scores.append(JSON.writeValueAsString(result.put("score", score))).append('\n');
    }
    return lines.size();
  }

  private static Router router(Path file) {
    try {
      Router router = RouterFile.read(file).router();
      String misfit = RouteMapping.misfit(router);
      if (misfit != null) {
        throw new IllegalArgumentException(misfit);
      }
      return router;
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("--router: " + file + ": " + e.getMessage(), e);
    }
  }

  private int pairs(Path file, StringWriter scores) throws IOException {
    try (BufferedReader lines = JsonLines.open(file);
        PairScorer scorer = new PairScorer(maxFalseHits)) {
      return score(file, scorer, lines, scores);
    }
  }

  private static int score(
      Path file, PairScorer scorer, BufferedReader lines, StringWriter scores) {
    try {
      return scorer.score(lines, scores);
    } catch (IOException e) {
      throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
    }
  }
}

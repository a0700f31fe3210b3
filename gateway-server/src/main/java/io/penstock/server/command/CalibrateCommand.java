package io.penstock.server.command;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.cache.semantic.TextEmbedder;
import io.penstock.core.route.Calibrator;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code penstock calibrate}: fits the complexity router and says what it is worth. */
@Command(
    name = "calibrate",
    description = "Fits the complexity router on one's own labelled prompts.",
    mixinStandardHelpOptions = true)
final class CalibrateCommand implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();

  @SuppressWarnings("unused") // every command takes --config; this one needs nothing of it
  @Mixin
  private ConfigOption config = new ConfigOption();

  @Option(
      names = "--labels",
      required = true,
      paramLabel = "FILE",
      description =
          "JSON lines with prompt, strong_correct and weak_correct (0..1, true or false), plain or"
              + " .gz")
  private Path labels = Path.of("");

  @Option(
      names = "--out",
      required = true,
      paramLabel = "ROUTER",
      description = "where the router goes")
  private Path out = Path.of("");

  @Option(
      names = "--held-out",
      paramLabel = "FILE",
      description =
          "where the held-out scores go, {\"id\",\"score\"} a line: each by a router that had not"
              + " seen its prompt")
  private @Nullable Path heldOut;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    List<JsonLines.Line> lines = JsonLines.read(labels);
    double[] gains = lines.stream().mapToDouble(CalibrateCommand::gain).toArray();
    float[] @Nullable [] embeddings;
    try (TextEmbedder embedder = new TextEmbedder()) {
      embeddings = Prompts.embeddings(lines, embedder);
    }
    List<Calibrator.Example> examples = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      examples.add(new Calibrator.Example(Prompts.features(lines.get(i)), embeddings[i], gains[i]));
    }
    Calibrator.Fitted fitted = Calibrator.fit(examples);
    Files.writeString(out, fitted.file());
    if (heldOut != null) {
      Files.writeString(heldOut, heldOut(lines, fitted.scores()));
    }
    print(examples.size(), fitted, Commands.out(spec));
    return ExitCode.OK;
  }

  private static String heldOut(List<JsonLines.Line> lines, double[] scores) throws IOException {
    StringBuilder all = new StringBuilder();
    for (int i = 0; i < scores.length; i++) {
      ObjectNode line = JSON.createObjectNode();
      line.set("id", lines.get(i).required("id"));
      all.append(JSON.writeValueAsString(line.put("score", scores[i]))).append('\n');
    }
    return all.toString();
  }

  private static double gain(JsonLines.Line line) {
    return line.share("strong_correct") - line.share("weak_correct");
  }

  private void print(int prompts, Calibrator.Fitted fitted, PrintWriter to) {
    to.println(prompts + " prompts; held out in fifths, 95 % intervals from resampling");
    to.println("(got: share of held-out prompts above the threshold of the share that was asked)");
    to.println("strong calls   got       gap recovered");
    int tenth = 0;
    for (Calibrator.Point point : fitted.curve()) {
      to.println(
          String.format(
              Locale.ROOT,
              "%10.0f %%   %5.1f %%   %6.1f %%   (%.1f to %.1f)",
              100 * point.share(),
              100 * fitted.shares()[tenth++],
              100 * point.recovered(),
              100 * point.low(),
              100 * point.high()));
    }
    to.println(
        String.format(Locale.ROOT, "area under the curve %.3f (0.5 is chance)", fitted.area()));
    to.println("router: " + out);
    to.flush();
  }
}

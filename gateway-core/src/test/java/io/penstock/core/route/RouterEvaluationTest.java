package io.penstock.core.route;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** The shipped rules on labelled prompts that lie beside the repository; told when they do not. */
class RouterEvaluationTest {
  @Test
  void score_shipped_beatsPromptLengthOnEachBenchmark() throws IOException {
    Path labels = Beside.find("evals/routing_dev.jsonl.gz");
    Assumptions.assumeTrue(labels != null, "no labelled prompts at ../shared/evals");
    Objects.requireNonNull(labels);
    Map<String, List<double[]>> rows = new HashMap<>();
    ObjectMapper json = new ObjectMapper();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(labels)), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        JsonNode row = json.readTree(line);
        if (row.path("contaminated").asBoolean()) {
          continue;
        }
        PromptFeatures features = PromptFeatures.of(row.path("prompt").asText(), 0);
        double gain = row.path("strong_correct").asDouble() - row.path("weak_correct").asDouble();
        rows.computeIfAbsent(row.path("benchmark").asText(), _ -> new ArrayList<>())
            .add(new double[] {gain, Router.shipped().score(features, null)});
      }
    }

    rows.forEach((benchmark, list) -> {
      double area =
          Calibrator.area(
              list.stream().mapToDouble(r -> r[0]).toArray(),
              list.stream().mapToDouble(r -> r[1]).toArray());
      System.out.printf("shipped rules on %s: area %.4f%n", benchmark, area);
      assertThat(area).as(benchmark).isGreaterThanOrEqualTo(0.59);
    });
    assertThat(rows).containsKeys("mmlu", "gsm8k");
  }
}

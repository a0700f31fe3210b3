package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.server.command.ExitCode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code score} and {@code calibrate}: files in, files out, exit codes. */
class ScoreCommandTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String HARD =
      "Prove that if n is even then n^2 = 4k; explain each step, and compare the two cases.";

  @TempDir Path directory;
  private final CommandRun command = new CommandRun();

  private String file(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text).toString();
  }

  private JsonNode line(String name, int number) throws IOException {
    return JSON.readTree(Files.readAllLines(directory.resolve(name)).get(number));
  }

  @Test
  void prompts_areScoredByTheShippedRules_plainAndPacked() throws Exception {
    String prompts =
        "{\"id\":\"easy\",\"prompt\":\"Hi there\"}\n\n{\"id\":7,\"text\":\"" + HARD + "\"}\n";
    Path packed = directory.resolve("p.jsonl.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(packed))) {
      out.write(prompts.getBytes(StandardCharsets.UTF_8));
    }
    String out = directory.resolve("scores").toString();
    assertThat(command.run("score", "--prompts", packed.toString(), "--out", out)).isZero();
    String unpacked = Files.readString(Path.of(out));
    assertThat(command.run("score", "--prompts", file("p.jsonl", prompts), "--out", out)).isZero();
    assertThat(Files.readString(Path.of(out))).isEqualTo(unpacked);
    assertThat(line("scores", 0).path("id").asText()).isEqualTo("easy");
    assertThat(line("scores", 1).path("id").asInt()).isEqualTo(7);
    assertThat(line("scores", 1).path("score").asDouble())
        .isGreaterThan(line("scores", 0).path("score").asDouble());
  }

  @Test
  void calibrate_makesARouterThatScoreReads() throws Exception {
    StringBuilder labels = new StringBuilder();
    for (int i = 0; i < 60; i++) {
      boolean hard = i % 2 == 0;
      labels.append(
          "{\"id\":%d,\"prompt\":\"%s %d\",\"strong_correct\":1,\"weak_correct\":%s}\n"
              .formatted(i, hard ? HARD : "Name the capital of country", i, hard ? "0" : "true"));
    }
    String file = file("labels.jsonl", labels.toString());
    String router = directory.resolve("router.json").toString();
    String heldOut = directory.resolve("held-out").toString();
    assertThat(command.run("calibrate", "--labels", file, "--out", router, "--held-out", heldOut))
        .isZero();
    assertThat(Path.of(heldOut)).content().hasLineCount(60).startsWith("{\"id\":0,\"score\":0.");
    assertThat(command.said()).contains("60 prompts").contains("area under the curve");
    String out = directory.resolve("scores").toString();
    assertThat(command.run("score", "--prompts", file, "--router", router, "--out", out)).isZero();
    assertThat(line("scores", 0).path("score").asDouble())
        .isGreaterThan(line("scores", 1).path("score").asDouble());
  }

  @Test
  void pairs_passTheGatesOrDoNot() throws Exception {
    String pairs =
        file(
            "pairs.jsonl",
            "{\"id\":\"same\",\"a\":\"How do I reset my router?\","
                + "\"b\":\"How do I reset my router\"}\n"
                + "{\"id\":\"other\",\"a\":\"How much is 5 kg of rice?\","
                + "\"b\":\"How much is 7 kg of rice?\"}\n");
    String out = directory.resolve("scores").toString();
    assertThat(command.run("score", "--pairs", pairs, "--out", out)).isZero();
    assertThat(line("scores", 0).path("hit").asBoolean()).isTrue();
    assertThat(line("scores", 1).path("hit").asBoolean()).isFalse();
    assertThat(line("scores", 1).path("id").asText()).isEqualTo("other");
  }

  @Test
  void wrongInput_isExitCode1AndOneLineThatSaysWhere() throws Exception {
    String out = directory.resolve("scores").toString();
    String broken = file("broken.jsonl", "{\"id\":1,\"prompt\":\"x\"}\n{\"id\":2}\n");
    assertThat(command.run("score", "--prompts", broken, "--out", out))
        .isEqualTo(ExitCode.WRONG_INPUT);
    assertThat(command.complained()).contains("broken.jsonl:2: no prompt").hasLineCount(1);
    assertThat(command.run("score", "--pairs", file("a.jsonl", "{\"id\":1}\n"), "--out", out))
        .isEqualTo(ExitCode.WRONG_INPUT);
    assertThat(command.run("score", "--prompts", "nowhere.jsonl", "--out", out))
        .isEqualTo(ExitCode.WRONG_INPUT);
    assertThat(command.run("calibrate", "--labels", broken, "--out", out))
        .isEqualTo(ExitCode.WRONG_INPUT);
    assertThat(Path.of(out)).doesNotExist();
  }
}

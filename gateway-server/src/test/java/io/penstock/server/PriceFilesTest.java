package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code check} says of mistakes in {@code prices.files}. */
class PriceFilesTest {
  @TempDir Path directory;

  private String check(String... files) throws IOException {
    StringBuilder names = new StringBuilder();
    for (int i = 0; i < files.length; i++) {
      Files.writeString(directory.resolve("p" + i + ".yaml"), files[i]);
      names.append(i == 0 ? "" : ", ").append(directory.resolve("p" + i + ".yaml"));
    }
    Path config =
        Files.writeString(
            directory.resolve("penstock.yaml"),
            """
            ledger: { url: "sqlite:%s" }
            providers: { p: { dialect: openai, base_url: "http://127.0.0.1:9/v1", keys: [k] } }
            models: { m: p/gpt-4o-mini }
            prices: { files: [%s] }
            teams: { t: {} }
            keys: [{ id: a, sha256: "%s", team: t }]
            """
                .formatted(directory.resolve("l.db"), names, "0".repeat(64)));
    StringWriter out = new StringWriter();
    int code =
        Main.commandLine("check")
            .setOut(new PrintWriter(out))
            .execute("check", "--config", config.toString());
    assertThat(code).as(out.toString()).isEqualTo(Main.WRONG_INPUT);
    return out.toString();
  }

  @Test
  void check_mistakesOfAllFiles_haveFileLineColumnAndPath() throws Exception {
    String said =
        check(
            """
            models:
              - provider: onprem
                id: llama
                cards:
                  - rates: { input: "0.05" }
            """,
            """
            providers:
              onprem:
                modifiers:
                  - x: much
            models:
              - provider: onprem
                id: llama
                cards:
                  - when: { from: soon, tier: batch }
                    rates:
                      input: "-1"
                      tokens: "2"
              - id: nobody
              - provider: onprem
                id: bare
            """);
    String file = "error: " + directory.resolve("p1.yaml");
    assertThat(said.lines())
        .containsExactlyInAnyOrder(
            file
                + ":4:9: providers.onprem.modifiers[0].x: much (expected: a decimal >= 0 with at"
                + " most 9 places)",
            file
                + ":9:17: models[0].cards[0].when.from (onprem/llama): soon (expected: a date such"
                + " as 2026-11-21)",
            file
                + ":9:29: models[0].cards[0].when.tier (onprem/llama): unknown key (expected: one"
                + " of [context_over, dow, from, region, service_tier, tod, tz, until])",
            file
                + ":11:11: models[0].cards[0].rates.input (onprem/llama): -1 (expected: a decimal"
                + " >= 0 with at most 9 places)",
            file
                + ":12:11: models[0].cards[0].rates.tokens (onprem/llama): unknown meter"
                + " (expected: one of the known meters, such as input or output)",
            file
                + ":13:5: models[1]: {\"id\":\"nobody\"} (expected: an entry with provider and id)",
            file
                + ":14:5: models[2].cards (onprem/bare): none (expected: at least one card with"
                + " rates)");
  }

  @Test
  void check_fileThatIsNoYaml_hasItsLine() throws Exception {
    assertThat(check("models:\n  - provider: [x\n"))
        .startsWith("error: " + directory.resolve("p0.yaml") + ":3:1: ")
        .contains("(expected: YAML)")
        .hasLineCount(1);
  }

  @Test
  void check_fileThatIsAList_isRefused() throws Exception {
    assertThat(check("- provider: x\n"))
        .isEqualToIgnoringNewLines(
            "error: "
                + directory.resolve("p0.yaml")
                + ":1:1: a list (expected: providers and models)");
  }
}

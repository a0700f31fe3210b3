package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.server.command.ExitCode;
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

  private String model = "p/gpt-4o-mini";

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
            models: { m: %s }
            prices: { files: [%s] }
            teams: { t: {} }
            keys: [{ id: a, sha256: "%s", team: t }]
            """
                .formatted(directory.resolve("l.db"), model, names, "0".repeat(64)));
    StringWriter out = new StringWriter();
    int code =
        Main.commandLine("check")
            .setOut(new PrintWriter(out))
            .execute("check", "--config", config.toString());
    assertThat(code).as(out.toString()).isEqualTo(ExitCode.WRONG_INPUT);
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
                aliases: ["re:("]
                checked: lately
              - provder: onprem
                id: llama
                cards:
                  - rates: { input: free }
              - gpt
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
            file + ":13:5: models[1].cards: none (expected: at least one card with rates)",
            file
                + ":14:5: models[2].cards (onprem/bare): none (expected: at least one card with"
                + " rates)",
            file + ":16:5: models[2].aliases (onprem/bare): ( (expected: a regular expression)",
            file
                + ":17:5: models[2].checked (onprem/bare): lately (expected: a date such as"
                + " 2026-11-21)",
            file
                + ":18:5: models[3]:"
                + " {\"provder\":\"onprem\",\"id\":\"llama\",\"cards\":[{\"rates\":{\"input\":\"free\"}}]}"
                + " (expected: an entry with provider and id)",
            file
                + ":18:5: models[3].provder: unknown key (expected: one of [aliases,"
                + " cache_min_tokens, caps, cards, checked, deprecation, id, kind, limits, name,"
                + " no_caps, note, provider, released, src, status])",
            file
                + ":21:18: models[3].cards[0].rates.input: free (expected: a decimal >= 0 with at"
                + " most 9 places)",
            file + ":22:5: models[4]: \"gpt\" (expected: an entry with provider and id)");
  }

  @Test
  void check_mistakesOfPricesAndRoutes_areNamedAtOnce() throws Exception {
    model = "{ strategy: cost, min_quality: 0.9, targets: [p/gpt-4o-mini] }";
    assertThat(check("models: [{ provider: p, id: x }]").lines())
        .satisfiesExactly(
            line -> assertThat(line).contains(":1:10: models[0].cards (p/x): none"),
            line -> assertThat(line).startsWith("error: models.m.min_quality: 0.9 (expected"));
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

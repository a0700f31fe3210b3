package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.server.command.ExitCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** Routes that cannot work are refused at load, with the path, the value and what was expected. */
class BadRoutesTest {
  @TempDir private Path directory;

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        "a: b; b: [a, o/gpt-4o] | models.a: a -> b -> a | targets that end at a provider",
        "a: { targets: [o/gpt-4o, nowhere] } | models.a.targets[1].model: nowhere | provider/model",
        "a: p/gpt-4o | models.a.targets[0].model: p/gpt-4o | a provider under providers",
        "a: { strategy: weighted, targets: [{ model: o/gpt-4o, weight: 0 }] }"
            + " | models.a.targets: weights that sum to 0 | a weight above 0",
        "a: [o/gpt-4o, o/text-embedding-3-small]"
            + " | models.a.targets[1]: o/text-embedding-3-small is of the kind embedding"
            + " | one that can answer what o/gpt-4o can",
        "a: x/text-embedding-3-small"
            + " | models.a.targets[0]: x/text-embedding-3-small is of the kind embedding"
            + " | a provider of one of embeddings",
        "a: { rules: [{ if: 'model + 1 == 2', use: o/gpt-4o }] } | models.a.rules[0].if: model + 1"
            + " | found no matching overload",
        "a: { rules: [{ if: 'modell == \"x\"', use: o/gpt-4o }] } | models.a.rules[0].if: modell"
            + " | undeclared reference",
        "a: { rules: [{ if: 'tokens', use: o/gpt-4o }] } | models.a.rules[0].if: tokens"
            + " | a condition, true or false",
        "a: { rules: [{ if: 'tokens / 0 > 1', use: o/gpt-4o }] } | models.a.rules[0].if: tokens / 0"
            + " | a divisor other than 0",
        "a: { rules: [{ if: 'headers.all(a, headers.all(b, headers.all(c, a == b)))', use: o/gpt-4o"
            + " }] } | models.a.rules[0].if: headers.all | (expected: <= 10000)",
        "a: { strategy: complexity, targets: [{ model: o/gpt-4o-mini, upto: 0.6 }, { model:"
            + " o/gpt-4.1, upto: 0.3 }, o/gpt-4o] } | models.a.targets: upto: 0.3 | thresholds that"
            + " rise",
        "a: { strategy: complexity, targets: [o/gpt-4o-mini, o/gpt-4o] }"
            + " | models.a.targets: no threshold on target 1 | `upto` on all but the last",
        "a: { strategy: cascade, targets: [o/gpt-4o-mini, o/gpt-4o] }"
            + " | models.a.targets: no `accept` on target 1 | one on all but the last",
        "a: { targets: [{ model: o/gpt-4o-mini, accept: 'true' }] }"
            + " | models.a.targets: accept: true | strategy cascade",
        "a: { strategy: cascade, targets: [{ model: o/gpt-4o-mini, accept: 'response.finish > 3' },"
            + " o/gpt-4o] } | models.a.targets[0].accept: response.finish > 3"
            + " | found no matching overload",
        "a: { targets: [o/gpt-4o], shadow: { model: nowhere, budget: 1 USD } }"
            + " | models.a.shadow.model: nowhere | provider/model",
        "a: { targets: [o/gpt-4o], baseline: nowhere } | models.a.baseline: nowhere"
            + " | provider/model"
      })
  void check_route_isRefused(String models, String path, String expected) throws IOException {
    String lines = models.strip().replace("; ", "\n  ");
    String file =
        Files.writeString(
                directory.resolve("penstock.yaml"),
                """
                providers:
                  o: { dialect: openai, base_url: "http://127.0.0.1:1/v1", keys: [k], catalogue: openai }
                  x: { dialect: anthropic, base_url: "http://127.0.0.1:1", keys: [k], catalogue: openai }
                models:
                  %s
                """
                    .formatted(lines))
            .toString();
    StringWriter said = new StringWriter();
    CommandLine command = Main.commandLine();
    command.setOut(new PrintWriter(said));
    command.setErr(new PrintWriter(said));

    int code = command.execute("check", "--config", file);

    assertThat(code).as(said.toString()).isEqualTo(ExitCode.WRONG_INPUT);
    assertThat(said.toString().lines().filter(line -> line.contains(path.strip())))
        .as(said.toString())
        .isNotEmpty()
        .allSatisfy(line -> assertThat(line).contains(expected.strip()));
  }
}

package io.penstock.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** What cannot be measured is refused before anything is started, and leaves results alone. */
final class ArgumentsTest {
  @TempDir Path out;

  @ParameterizedTest
  @CsvSource({
    "--rate=0, --rate: 0 (expected: more than 0)",
    "--rounds=-1, --rounds: -1",
    "--seconds=0, --seconds: 0",
    "'--body=1000,0', --body: 0",
    "--only=nope, --only: nope (expected: how one of these begins: 01-no-gateway",
    "--gateway=foo, --gateway: foo (expected: NAME=URL",
    "'--gateway=x=http://127.0.0.1:1/v1,4194305', not 4194305",
  })
  void run_wrongArgument_saysWhatAndWritesNothing(String argument, String says) {
    StringWriter err = new StringWriter();
    int code =
        new CommandLine(new BenchMain())
            .setExecutionStrategy(new Arguments())
            .setErr(new PrintWriter(err))
            .execute("--out", out.toString(), argument);
    assertThat(code).isEqualTo(2);
    assertThat(err.toString()).contains(says);
    assertThat(out).isEmptyDirectory();
  }

  @ParameterizedTest
  @CsvSource({"overload, --times", "soak, --minutes", "replicas, --counts"})
  void subcommand_nothingToDo_isRefused(String command, String option) {
    StringWriter err = new StringWriter();
    int code =
        new CommandLine(new BenchMain())
            .setExecutionStrategy(new Arguments())
            .setErr(new PrintWriter(err))
            .execute(command, option, "0");
    assertThat(code).isEqualTo(2);
    assertThat(err.toString()).contains(option + ": 0 (expected: more than 0)");
  }
}

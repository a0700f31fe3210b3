package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Ports;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Commands that ask the running server: where it listens, and what a bad edit does to them. */
@ExtendWith(LeakCheck.class)
class HealthCommandTest {
  @TempDir Path directory;

  @Test
  void server_onAnotherAddressThanLocalhost_isFound_alsoAfterABadEdit() throws Exception {
    int port = Ports.free();
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.yaml(directory, provider, "")
                    .replace(
                        "admin: { listen: 127.0.0.1:0 }",
                        "admin: { listen: 127.0.0.3:" + port + " }"))) {
      assertThat(run("health")).startsWith("0 ").contains("http://127.0.0.3:" + port + "/readyz");
      assertThat(run("budgets")).startsWith("0 ").doesNotContain("as the ledger has it");

      Files.writeString(gateway.file(), Files.readString(gateway.file()) + "nonsense: 1\n");
      assertThat(run("health")).startsWith("0 ").contains("is refused");
    }
    assertThat(run("health"))
        .as("no server")
        .startsWith("2 ")
        .contains("http://127.0.0.3:" + port + "/readyz: no server answers");
  }

  private String run(String command) {
    StringWriter said = new StringWriter();
    PrintWriter writer = new PrintWriter(said);
    int code =
        Main.commandLine()
            .setOut(writer)
            .setErr(writer)
            .execute(command, "--config", directory.resolve("penstock.yaml").toString());
    return code + " " + said;
  }
}

package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.server.command.ExitCode;
import io.penstock.testkit.FakeProvider;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A gateway with the ledger of one that serves: what the lock is for. */
class SecondGatewayTest {
  @TempDir Path directory;

  @Test
  void gateway_second_isRefused_commandsBesideItWork() throws Exception {
    try (FakeProvider provider = FakeProvider.start()) {
      String yaml = RunningGateway.yaml(directory, provider, "");
      try (RunningGateway first = RunningGateway.start(directory, yaml)) {
        first.post("/v1/chat/completions", "{\"model\":\"gpt-4o-mini\",\"messages\":[]}");
        first.awaitRecorded();
        assertThatThrownBy(() -> RunningGateway.start(directory, yaml))
            .hasMessageContaining("in use by the process " + ProcessHandle.current().pid());
        for (String command : new String[] {"report", "budgets"}) {
          assertThat(
                  Main.commandLine(command).execute(command, "--config", first.file().toString()))
              .isEqualTo(ExitCode.OK);
        }
      }
      try (RunningGateway next = RunningGateway.start(directory, yaml)) {
        assertThat(next.get("/readyz").statusCode()).isEqualTo(200);
      }
    }
  }
}

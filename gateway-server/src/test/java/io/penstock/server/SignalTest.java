package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.penstock.server.command.ExitCode;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Ports;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What a process of its own makes of signals. */
@EnabledOnOs({OS.LINUX, OS.MAC})
class SignalTest {
  private static final Duration LONG = Duration.ofMinutes(2);

  @TempDir Path directory;

  @Test
  @Timeout(300)
  void sighup_readsTheConfiguration_andStopsNothing() throws Exception {
    assumeFalse(isHangupIgnored(), "under nohup, which JVMs respect");
    int port = Ports.free();
    try (FakeProvider provider = FakeProvider.start()) {
      Path config =
          Files.writeString(
              directory.resolve("penstock.yaml"),
              RunningGateway.yaml(directory, provider, "")
                  .replaceFirst("listen: 127.0.0.1:0", "listen: 127.0.0.1:" + port));
      Process process = ServeProcess.start(directory, config);
      try {
        Await.until("it listens", LONG, () -> Ports.isOpen(port) || !process.isAlive());
        hangUp(process);
        awaitSaid(process, "the configuration is as it was");
        Files.writeString(config, "nonsense: 1\n");
        hangUp(process);
        awaitSaid(process, "is refused");
        assertThat(process.isAlive()).isTrue();
        process.destroy();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(ExitCode.OK);
      } finally {
        process.destroyForcibly();
      }
    }
  }

  private static boolean isHangupIgnored() throws IOException {
    Path status = Path.of("/proc/self/status");
    return Files.exists(status)
        && Files.readAllLines(status).stream()
            .anyMatch(line -> line.matches("SigIgn:.*[13579bdf]"));
  }

  private void awaitSaid(Process process, String words) {
    Await.until(words, LONG, () -> log().contains(words) || !process.isAlive());
    assertThat(log()).contains(words);
  }

  private static void hangUp(Process process) throws Exception {
    int code = new ProcessBuilder("kill", "-HUP", Long.toString(process.pid())).start().waitFor();
    assertThat(code).isZero();
  }

  private String log() {
    try {
      return Files.readString(directory.resolve("log"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

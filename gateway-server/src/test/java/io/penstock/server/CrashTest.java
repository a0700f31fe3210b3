package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.Ports;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A process of its own that is killed with SIGKILL in the middle of calls. */
class CrashTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final int WHOLE_CALLS = 5;
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"max_tokens\":50,"
          + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

  @TempDir Path directory;

  private Process serve(Path config) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "serve",
            "--config",
            config.toString())
        .directory(directory.toFile())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(directory.resolve("log").toFile()))
        .start();
  }

  /** A JVM may take long to start where much else runs; the test's own time limit ends the wait. */
  private void awaitListening(Process process, int port) throws IOException {
    while (!Ports.isOpen(port)) {
      assertThat(process.isAlive()).as(Files.readString(directory.resolve("log"))).isTrue();
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
  }

  private static RawClient connect(int port) throws IOException {
    return new RawClient(new Socket(InetAddress.getLoopbackAddress(), port));
  }

  private static JsonNode report(Path config, String by) throws IOException {
    StringWriter out = new StringWriter();
    int code =
        Main.commandLine()
            .setOut(new PrintWriter(out))
            .execute("report", "--config", config.toString(), "--by", by, "--format", "json");
    assertThat(code).as(out.toString()).isEqualTo(Main.OK);
    return MAPPER.readTree(out.toString());
  }

  @Test
  @Timeout(300)
  void kill9_midCall_nothingThatWasAnsweredOrSentIsLost() throws Exception {
    Gate never = new Gate("second event");
    int port = Ports.free();
    try (FakeProvider provider = FakeProvider.start()) {
      Path config = directory.resolve("penstock.yaml");
      Files.writeString(
          config,
          RunningGateway.patient(RunningGateway.yaml(directory, provider, ""))
              .replace("listen: 127.0.0.1:0\n", "listen: 127.0.0.1:" + port + "\n")
              .replace("{ listen: 127.0.0.1:" + port + " }", "{ listen: 127.0.0.1:0 }"));
      Process first = serve(config);
      try {
        awaitListening(first, port);
        for (int i = 0; i < WHOLE_CALLS; i++) {
          try (RawClient client = connect(port)) {
            client.send(RawClient.post("/v1/chat/completions", CHAT, "Connection: close"));
            assertThat(client.readToEnd()).startsWith("HTTP/1.1 200");
          }
        }
        provider
            .on("/v1/chat/completions")
            .reply(
                Script.sse(
                        "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"one\"}}]}", "[DONE]")
                    .pauseBefore(1, never));
        try (RawClient cut = connect(port)) {
          cut.send(
              RawClient.post(
                  "/v1/chat/completions",
                  CHAT.replace("{\"model\"", "{\"stream\":true,\"model\"")));
          cut.readUntil("one");
          first.destroyForcibly();
          assertThat(first.waitFor(60, TimeUnit.SECONDS)).isTrue();
        }
      } finally {
        first.destroyForcibly();
      }
      never.open();
      Process second = serve(config);
      try {
        awaitListening(second, port);
        JsonNode total = report(config, "team,user").path("lines").path(0);
        assertThat(total.path("team").asText()).isEqualTo("engineering");
        assertThat(total.path("answered").asInt()).isEqualTo(WHOLE_CALLS);
        assertThat(total.path("calls").asInt()).isEqualTo(WHOLE_CALLS + 1);
        // What was cut costs its worst case: 50 tokens of output at 0.60 USD per million, and
        // input.
        assertThat(new BigDecimal(total.path("wasted_usd").asText()))
            .isGreaterThanOrEqualTo(new BigDecimal("0.00003"));
        second.destroy();
        assertThat(second.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(second.exitValue()).as("a stop that was asked for").isEqualTo(Main.OK);
      } finally {
        second.destroyForcibly();
      }
    }
  }
}

package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.server.command.ExitCode;
import io.penstock.testkit.LeakCheck;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What `penstock demo` writes serves as it is. */
@ExtendWith(LeakCheck.class)
class DemoTest {
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"stream\":true,"
          + "\"messages\":[{\"role\":\"user\",\"content\":\"What is a penstock?\"}]}";
  private static final String[] KEY = {"Authorization", "Bearer " + DemoCommand.KEY};

  @Test
  void demo_streamsCachesRoutesAndCounts(@TempDir Path parent) {
    Path directory = parent.resolve("with a space # and more");
    assertThat(directory.toFile().mkdirs()).isTrue();
    String yaml =
        DemoConfig.yaml(directory.resolve("penstock.yaml"))
            .replaceAll("127\\.0\\.0\\.1:\\d+", "127.0.0.1:0");
    try (RunningGateway gateway = RunningGateway.start(directory, yaml)) {
      HttpResponse<String> first = gateway.post("/v1/chat/completions", CHAT, KEY);
      assertThat(first.statusCode()).as(first.body()).isEqualTo(200);
      assertThat(first.body()).contains("\"content\"").endsWith("data: [DONE]\n\n");
      HttpResponse<String> second = gateway.post("/v1/chat/completions", CHAT, KEY);
      assertThat(second.headers().firstValue("x-penstock-cache")).hasValue("exact");
      HttpResponse<String> routed =
          gateway.post(
              "/v1/chat/completions",
              CHAT.replace("gpt-4o-mini", "auto").replace("true", "false"),
              KEY);
      assertThat(routed.headers().firstValue("x-penstock-route").orElse("")).contains("complexity");
      assertThat(gateway.admin("/admin/v1/budgets")).contains("demo-day");
      assertThat(gateway.admin("/admin/v1/spend?by=team,model")).contains("\"demo\"");
    }
  }

  @Test
  void demo_onAFileThatIsNotItsOwn_isRefused_andTheFileStays(@TempDir Path directory)
      throws IOException {
    String yaml = "providers: { p: { dialect: demo } }\nmodels: { m: p/m }\n";
    Path file = Files.writeString(directory.resolve("mine.yaml"), yaml);
    StringWriter said = new StringWriter();
    int code =
        Main.commandLine()
            .setOut(new PrintWriter(said, true))
            .setErr(new PrintWriter(said, true))
            .execute("demo", "--config", file.toString());
    assertThat(code).as(said.toString()).isEqualTo(ExitCode.WRONG_INPUT);
    assertThat(said.toString()).contains("mine.yaml is not the demo's").doesNotContain("base URL");
    assertThat(Files.readString(file)).isEqualTo(yaml);
  }

  @Test
  void warmUp_callsTheGatewayFromAnotherProcess() {
    StringWriter said = new StringWriter();
    StringWriter told = new StringWriter();
    int code =
        Main.commandLine("warmup")
            .setErr(new PrintWriter(said, true))
            .setOut(new PrintWriter(told, true))
            .execute("warmup", "--calls", "3");
    assertThat(code).as(said.toString()).isZero();
    assertThat(told.toString()).containsPattern("no flood: .+|flood: [0-9]+ of 8000 refused");
  }
}

package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.ledger.Content;
import io.penstock.ledger.LedgerOptions;
import io.penstock.ledger.LedgerReader;
import io.penstock.ledger.SqlLedger;
import io.penstock.server.command.ExitCode;
import io.penstock.testkit.Await;
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
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A process of its own that is killed with SIGKILL in the middle of calls. */
class CrashTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final int WHOLE_CALLS = 5;

  /** Answers after which a target's usual length is known, and what these are like. */
  private static final int ENOUGH = 200;

  private static final int LEARNED_WORDS = 20;
  private static final int LONG_WORDS = 400;
  private static final String OPEN =
      "{\"model\":\"gpt-4o-mini\",\"stream\":true,"
          + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String WHOLE =
      "{\"id\":\"c1\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,"
          + "\"message\":{\"role\":\"assistant\",\"content\":\"two\"},\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":1,\"total_tokens\":10}}";
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"max_tokens\":50,"
          + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

  @TempDir Path directory;

  /** A gateway in a process of its own; what is left of it at the end is killed. */
  private final class Life implements AutoCloseable {
    private final Process process;

    Life(Path config, int port) throws IOException {
      process = ServeProcess.start(directory, config);
      awaitListening(port);
    }

    /** A JVM may take long to start where much else runs; the test's own time limit ends that. */
    private void awaitListening(int port) throws IOException {
      while (!Ports.isOpen(port)) {
        assertThat(process.isAlive()).as(Files.readString(directory.resolve("log"))).isTrue();
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
      }
    }

    void kill9() throws InterruptedException {
      process.destroyForcibly();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    }

    /** Returns the exit code of a stop that was asked for. */
    int stop() throws InterruptedException {
      process.destroy();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      return process.exitValue();
    }

    @Override
    public void close() {
      process.destroyForcibly();
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
    assertThat(code).as(out.toString()).isEqualTo(ExitCode.OK);
    return MAPPER.readTree(out.toString());
  }

  @Test
  @Timeout(300)
  void kill9_midCall_nothingThatWasAnsweredOrSentIsLost() throws Exception {
    Gate never = new Gate("second event");
    int port = Ports.free();
    try (FakeProvider provider = FakeProvider.start()) {
      Path config = config(provider, port);
      try (Life first = new Life(config, port)) {
        call(port, WHOLE_CALLS);
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
          first.kill9();
        }
      }
      never.open();
      try (Life second = new Life(config, port)) {
        JsonNode total = report(config, "team,user").path("lines").path(0);
        assertThat(total.path("team").asText()).isEqualTo("engineering");
        assertThat(total.path("answered").asInt()).isEqualTo(WHOLE_CALLS);
        assertThat(total.path("calls").asInt()).isEqualTo(WHOLE_CALLS + 1);
        // What was cut costs its worst case: 50 tokens of output at 0.60 USD per million, and
        // input.
        assertThat(new BigDecimal(total.path("wasted_usd").asText()))
            .isGreaterThanOrEqualTo(new BigDecimal("0.00003"));
        assertThat(second.stop()).isEqualTo(ExitCode.OK);
      }
    }
  }

  /** What was said is kept beside the rows: of a call that has one, and whole, or not at all. */
  @Test
  @Timeout(300)
  void kill9_withContentKept_losesNoRowAndNoContentIsTornOrAlone() throws Exception {
    Gate never = new Gate("second event");
    int port = Ports.free();
    try (FakeProvider provider = FakeProvider.start()) {
      Path config = config(provider, port);
      Files.writeString(
          config,
          Files.readString(config).replace("ledger.db\" }", "ledger.db\", content: full }"));
      try (Life first = new Life(config, port)) {
        call(port, WHOLE_CALLS);
        Await.until(
            "what was said is kept",
            Duration.ofMinutes(2),
            () -> kept().stream().filter(Objects::nonNull).count() == WHOLE_CALLS);
        provider
            .on("/v1/chat/completions")
            .reply(
                Script.sse(
                        "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"one\"}}]}", "[DONE]")
                    .pauseBefore(1, never));
        try (RawClient cut = connect(port)) {
          cut.send(RawClient.post("/v1/chat/completions", OPEN));
          cut.readUntil("one");
          provider.on("/v1/chat/completions").reply(Script.json(WHOLE));
          call(port, WHOLE_CALLS); // their content may or may not be kept when the end comes
          first.kill9();
        }
      }
      never.open();
      try (Life _ = new Life(config, port)) {
        List<@Nullable Content> kept = kept();
        assertThat(kept).as("one entry a call, the cut one as well").hasSize(2 * WHOLE_CALLS + 1);
        List<Content> contents = kept.stream().filter(Objects::nonNull).toList();
        assertThat(contents).hasSizeBetween(WHOLE_CALLS, 2 * WHOLE_CALLS);
        for (Content content : contents) {
          assertThat(MAPPER.readTree(content.request()).at("/messages/0/content").asText())
              .isEqualTo("hi");
          assertThat(MAPPER.readTree(content.response()).at("/choices/0/message/content").asText())
              .isNotEmpty();
        }
        assertThat(contentsInTheDatabase()).isEqualTo(contents.size());
      }
    }
  }

  private static void call(int port, int times) throws IOException {
    for (int i = 0; i < times; i++) {
      try (RawClient client = connect(port)) {
        client.send(RawClient.post("/v1/chat/completions", CHAT, "Connection: close"));
        assertThat(client.readToEnd()).startsWith("HTTP/1.1 200");
      }
    }
  }

  /** Returns what is kept of each call that has a row, null where nothing is. */
  private List<@Nullable Content> kept() {
    String url = "sqlite:" + directory.resolve("ledger.db");
    try (LedgerReader reader = SqlLedger.read(LedgerOptions.of(url, directory))) {
      List<@Nullable Content> kept = new ArrayList<>();
      reader.queries().recent(null, 100).stream()
          .map(row -> row.attempt().request())
          .distinct()
          .forEach(id -> kept.add(reader.queries().content(id)));
      return kept;
    }
  }

  private long contentsInTheDatabase() throws SQLException {
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("ledger.db"));
        Statement count = connection.createStatement();
        ResultSet results = count.executeQuery("SELECT COUNT(*) FROM content")) {
      results.next();
      return results.getLong(1);
    }
  }

  /** A stream that held little at first and was granted more: the crash costs all that it held. */
  @Test
  @Timeout(300)
  void kill9_afterAStretch_costsWhatWasHeldInTheEnd() throws Exception {
    Gate never = new Gate("rest of the answer");
    int port = Ports.free();
    try (FakeProvider provider = FakeProvider.start()) {
      Path config = config(provider, port);
      try (Life first = new Life(config, port)) {
        provider.on("/v1/chat/completions").reply(answer(LEARNED_WORDS));
        try (HttpClient http = HttpClient.newHttpClient()) {
          for (int i = 0; i < ENOUGH; i++) {
            assertThat(stream(http, port)).endsWith("[DONE]\n\n");
          }
        }
        provider
            .on("/v1/chat/completions")
            .reply(answer(LONG_WORDS).pauseBefore(LONG_WORDS, never));
        try (RawClient cut = connect(port)) {
          cut.send(RawClient.post("/v1/chat/completions", OPEN));
          cut.readUntil("last");
          first.kill9();
        }
      }
      never.open();
      // The next life imports the journal, whoever it is.
      try (Life _ = new Life(config, port)) {
        JsonNode total = report(config, "team").path("lines").path(0);
        assertThat(total.path("calls").asInt()).isEqualTo(ENOUGH + 1);
        // Five bytes a word, three bytes a token, 0.60 USD per million.
        assertThat(new BigDecimal(total.path("wasted_usd").asText()))
            .isGreaterThanOrEqualTo(BigDecimal.valueOf(LONG_WORDS * 5 / 3 * 600L, 9));
      }
    }
  }

  private Path config(FakeProvider provider, int port) throws IOException {
    Path config = directory.resolve("penstock.yaml");
    Files.writeString(
        config,
        RunningGateway.patient(RunningGateway.yaml(directory, provider, ""))
            .replace("listen: 127.0.0.1:0\n", "listen: 127.0.0.1:" + port + "\n")
            .replace("{ listen: 127.0.0.1:" + port + " }", "{ listen: 127.0.0.1:0 }"));
    return config;
  }

  private static Script answer(int words) {
    List<String> events = new ArrayList<>();
    for (int i = 1; i <= words; i++) {
      String word = i == words ? " last" : " word";
      events.add("{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + word + "\"}}]}");
    }
    events.add("{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}");
    events.add(
        "{\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":%d}}"
            .formatted(words));
    events.add("[DONE]");
    return Script.sse(events.toArray(String[]::new));
  }

  private static String stream(HttpClient http, int port) throws Exception {
    return http.send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1/chat/completions"))
                .header("content-type", "application/json")
                .header("authorization", "Bearer " + RunningGateway.KEY)
                .POST(HttpRequest.BodyPublishers.ofString(OPEN))
                .build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }
}

package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.Ticker;
import io.penstock.server.call.explain.Explainer;
import io.penstock.server.command.ExitCode;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.FakeTicker;
import io.penstock.testkit.LeakCheck;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The decision without the call: what wins and why, what refuses, and that nothing stays held. */
@ExtendWith(LeakCheck.class)
class ExplainTest {
  private static final String CHAT =
      "{\"model\":\"two\",\"max_tokens\":100,"
          + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

  private static final FakeProvider provider = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway =
      GatewayExtension.of(
          provider,
          "budgets: [{ name: eng, limit: 1 USD, every: month, per: [team] }]\n"
              + "cache: { exact: { ttl: 1h, scope: team } }\n");

  private static JsonNode explain(String key, String body) throws IOException {
    return explain(gateway, key, body);
  }

  private static JsonNode explain(RunningGateway gateway, String key, String body)
      throws IOException {
    String asked = "{\"key\":\"" + key + "\",\"endpoint\":\"chat\",\"body\":" + body + "}";
    URI uri = URI.create("http://127.0.0.1:" + gateway.gateway().adminPort() + "/admin/v1/explain");
    return new ObjectMapper()
        .readTree(
            RunningGateway.send(
                    HttpRequest.newBuilder(uri)
                        .POST(HttpRequest.BodyPublishers.ofString(asked))
                        .build())
                .body());
  }

  @Test
  void command_bodyThatIsNotUtf8_isWrongInput_byName(@TempDir Path directory) throws Exception {
    Path body = directory.resolve("latin.json");
    Files.write(body, new byte[] {'"', (byte) 0xfc, '"'});
    StringWriter said = new StringWriter();
    int code =
        Main.commandLine()
            .setErr(new PrintWriter(said))
            .execute(
                "explain",
                "--config",
                gateway.file().toString(),
                "--key",
                "k-test",
                "--body",
                body.toString());
    assertThat(code).as(said.toString()).isEqualTo(ExitCode.WRONG_INPUT);
    assertThat(said.toString()).contains("--body: " + body + ": not UTF-8");
  }

  @Test
  void bodyWithoutABound_isRefusedAtOnce_asTheCallWouldBe() throws Exception {
    JsonNode said = explain("k-test", CHAT.replaceFirst("\\{", "{\"n\":\"x\","));
    assertThat(said.path("outcome").asText()).as(said.toString()).isEqualTo("refused");
    assertThat(said.path("status").asInt()).isEqualTo(400);
  }

  @Test
  void winner_candidatesAndBudgets_areNamed_andNothingIsCalledOrHeld() throws Exception {
    Set<String> left = new HashSet<>();
    for (int i = 0; i < 3; i++) {
      JsonNode said = explain("k-test", CHAT);
      assertThat(said.path("outcome").asText()).as(said.toString()).isEqualTo("call");
      assertThat(said.path("team").asText()).isEqualTo("engineering");
      assertThat(said.path("target").asText()).isEqualTo("fake/gpt-4o");
      assertThat(said.path("why").asText()).isEqualTo("priority[0]");
      assertThat(said.path("candidates")).hasSize(2);
      JsonNode first = said.path("candidates").path(0);
      assertThat(first.path("expected_usd").asText()).startsWith("0.00");
      assertThat(first.path("budgets").path(0).path("budget").asText()).isEqualTo("eng");
      // Taken while the hold was back: the same is there again, every time.
      left.add(first.path("budget_remaining_usd").asText());
    }
    assertThat(left).hasSize(1);
    assertThat(provider.requests()).isEmpty();
  }

  @Test
  void cache_saysWhetherItWouldAnswer() throws Exception {
    String body = CHAT.replace("hi", "cached");
    assertThat(explain("k-test", body).path("cache").asText()).isEqualTo("miss");
    assertThat(gateway.post("/v1/chat/completions", body).statusCode()).isEqualTo(200);
    provider.reset();
    JsonNode said = explain("k-test", body);
    assertThat(said.path("cache").asText()).as(said.toString()).isEqualTo("hit");
    assertThat(said.path("outcome").asText()).isEqualTo("cache");
    assertThat(provider.requests()).isEmpty();
  }

  /** A key is made of a body's bytes: as Python writes them, and numbers that a parser rewrites. */
  @Test
  void cache_ofABodyThatIsWrittenOtherwise_isFoundAsTheCallFindsIt() throws Exception {
    String body =
        CHAT.replace("hi", "spaced")
            .replace(",", ", ")
            .replaceFirst("\\{", "{\"temperature\": 0.70, ");
    assertThat(gateway.post("/v1/chat/completions", body).statusCode()).isEqualTo(200);
    assertThat(explain("k-test", body).path("cache").asText()).isEqualTo("hit");
  }

  @Test
  void bodyWithAFieldTwice_isRefusedAsTheCallIs() throws Exception {
    String body = CHAT.replaceFirst("\\{", "{\"n\":1,\"n\":1,");
    assertThat(gateway.post("/v1/chat/completions", body).statusCode()).isEqualTo(400);
    assertThat(explain("k-test", body).at("/error/message").asText()).contains("\"n\"");
  }

  /** What is asked about is not traffic. */
  @Test
  void cache_thatIsBypassed_isOffAndNotCounted() throws Exception {
    String body = CHAT.replaceFirst("\\{", "{\"store\":true,");
    JsonNode said = explain("k-test", body);
    assertThat(said.path("cache").asText()).isEqualTo("off");
    assertThat(said.at("/cache_bypassed/exact").asText()).isEqualTo("stored_upstream");
    assertThat(explain("k-test", CHAT).has("cache_bypassed")).isFalse();
    assertThat(gateway.admin("/metrics")).doesNotContain("result=\"bypass\"");
  }

  @Test
  void cacheOnly_whereNothingIsStored_isTheRefusalThatTheCallWouldGet() throws Exception {
    String body = CHAT.replace("hi", "never asked");
    String said = gateway.explain("chat", body, "{\"x-penstock-cache\":\"only\"}");
    JsonNode json = new ObjectMapper().readTree(said);
    assertThat(json.path("cache").asText()).as(said).isEqualTo("miss");
    assertThat(json.path("code").asText()).as(said).isEqualTo("cache_miss");
    assertThat(json.path("status").asInt()).isEqualTo(504);
  }

  /** The machine's clock. A decision begins by asking it when the call began. */
  private static final class Decisions implements Ticker {
    final AtomicInteger made = new AtomicInteger();

    @Override
    public long nanoTime() {
      return System.nanoTime();
    }

    @Override
    public long epochMillis() {
      String asker =
          StackWalker.getInstance()
              .walk(frames -> frames.skip(1).findFirst().orElseThrow().getClassName());
      if (asker.equals(Explainer.class.getName())) {
        made.incrementAndGet();
      }
      return System.currentTimeMillis();
    }
  }

  @Test
  void storesThatAnswerAtOnce_areDecidedByOnce(@TempDir Path directory) throws Exception {
    Decisions decisions = new Decisions();
    String more =
        "budgets: [{ name: eng, limit: 1 USD, every: month, per: [team] }]\n"
            + "cache: { exact: { ttl: 1h, scope: team } }\n";
    try (RunningGateway alone =
        RunningGateway.start(
            directory, RunningGateway.yaml(directory, provider, more), decisions)) {
      // What was spent is read from the ledger before the first.
      assertThat(explain(alone, "k-test", CHAT).path("candidates")).hasSize(2);
      int first = decisions.made.getAndSet(0);
      JsonNode said = explain(alone, "k-test", CHAT);
      assertThat(said.path("outcome").asText()).as(said.toString()).isEqualTo("call");
      assertThat(said.path("cache").asText()).isEqualTo("miss");
      assertThat(said.at("/candidates/1/budgets/0/budget").asText()).isEqualTo("eng");
      assertThat(decisions.made).as("after " + first).hasValue(1);
    }
  }

  /** By the clock that calls go by, as the list of keys does. */
  @Test
  void keyThatExpires_isExplainedUntilThen(@TempDir Path directory) throws Exception {
    FakeTicker clock = FakeTicker.at("2019-12-31T12:00:00Z");
    try (RunningGateway early =
        RunningGateway.start(directory, RunningGateway.yaml(directory, provider, ""), clock)) {
      assertThat(explain(early, "k-old", CHAT).path("team").asText()).isEqualTo("engineering");
      clock.jumpTo("2020-01-03T12:00:00Z");
      assertThat(explain(early, "k-old", CHAT).at("/error/message").asText()).contains("k-old");
    }
  }

  @Test
  void refusal_isTheOneThatTheCallWouldGet() throws Exception {
    JsonNode said = explain("k-test", CHAT.replace("100", "90000").replace("\"two\"", "\"nope\""));
    assertThat(said.path("code").asText()).isEqualTo("model_not_found");
    said = explain("k-test", CHAT.replace("\"two\"", "\"nobody-knows\""));
    assertThat(said.path("code").asText()).isEqualTo("model_not_priced");
    assertThat(said.path("skipped").path(0).path("why").asText()).isEqualTo("no price");
    assertThat(explain("k-none", CHAT).at("/error/message").asText()).contains("k-none");
  }

  @Test
  void command_printsTheDecision_andWithoutAServerSaysSoInOneLine() throws Exception {
    String yaml = Files.readString(gateway.file());
    String admin = "admin: { listen: 127.0.0.1:" + gateway.gateway().adminPort() + " }";
    String running =
        Files.writeString(
                gateway.directory().resolve("running.yaml"),
                yaml.replace("admin: { listen: 127.0.0.1:0 }", admin))
            .toString();
    String file = Files.writeString(gateway.directory().resolve("body.json"), CHAT).toString();
    StringWriter said = new StringWriter();
    StringWriter complained = new StringWriter();
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(said));
    line.setErr(new PrintWriter(complained));
    assertThat(line.execute("explain", "--config", running, "--key", "k-test", "--body", file))
        .as(complained.toString())
        .isZero();
    assertThat(said.toString()).contains("\"target\" : \"fake/gpt-4o\"");
    assertThat(complained.toString())
        .contains("serves ")
        .contains("not " + running)
        .hasLineCount(1);
    complained.getBuffer().setLength(0);
    String stopped = gateway.file().toString();
    assertThat(line.execute("explain", "--config", stopped, "--key", "k-test", "--body", file))
        .isEqualTo(ExitCode.CANNOT_RUN);
    assertThat(complained.toString()).hasLineCount(1);
  }
}

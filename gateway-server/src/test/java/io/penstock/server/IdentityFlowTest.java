package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.identity.KeyRing;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** For whom a call is: by its key, by what the application says, by an included file. */
@ExtendWith(LeakCheck.class)
class IdentityFlowTest {
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

  private static final FakeProvider PROVIDER = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(IdentityFlowTest::yaml, PROVIDER);

  private static String yaml(Path directory) throws Exception {
    Files.createDirectories(directory.resolve("teams"));
    Files.writeString(included(directory), sales("pk-sales-old", "pk-sales-new"));
    return RunningGateway.yaml(directory, PROVIDER, "include: [teams/*.yaml]\nend_users: plain");
  }

  private static Path included(Path directory) {
    return directory.resolve("teams").resolve("sales.yaml");
  }

  private static String sales(String... secrets) {
    List<String> hashes = List.of(secrets).stream().map(KeyRing::hash).toList();
    return """
    teams: { sales: {} }
    keys: [{ id: k-sales, sha256: [%s], team: sales, user: grace }]
    """
        .formatted(String.join(", ", hashes));
  }

  private static int status(String secret) {
    return gateway
        .post("/v1/chat/completions", CHAT, "Authorization", "Bearer " + secret)
        .statusCode();
  }

  private static JsonNode row(HttpResponse<String> response) throws IOException {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return gateway.rows(response).path(0);
  }

  @Test
  void rotation_oldAndNewSecretAreTheSameKey_untilTheIncludedFileSaysOtherwise() throws Exception {
    for (String secret : List.of("pk-sales-old", "pk-sales-new")) {
      JsonNode row =
          row(gateway.post("/v1/chat/completions", CHAT, "Authorization", "Bearer " + secret));
      assertThat(row.path("key").asText()).isEqualTo("k-sales");
      assertThat(row.path("team").asText()).isEqualTo("sales");
      assertThat(row.path("user").asText()).isEqualTo("grace");
    }

    Files.writeString(included(gateway.directory()), sales("pk-sales-new"));

    Await.until("the old secret is refused", () -> status("pk-sales-old") == 401);
    assertThat(status("pk-sales-new")).isEqualTo(200);
    Files.writeString(included(gateway.directory()), sales("pk-sales-old", "pk-sales-new"));
    Await.until("the old secret is back", () -> status("pk-sales-old") == 200);
  }

  @ParameterizedTest
  @CsvSource({"authorization,Bearer pk-test", "x-api-key,pk-test", "api-key,pk-test"})
  void key_whereverAnSdkPutsIt_isTakenAndNotSentOn(String header, String value) {
    HttpResponse<String> response =
        RunningGateway.send(
            HttpRequest.newBuilder(URI.create(gateway.url() + "/v1/chat/completions"))
                .POST(HttpRequest.BodyPublishers.ofString(CHAT))
                .header(header, value)
                .build());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    assertThat(PROVIDER.awaitRequest(1).headers())
        .noneMatch(sent -> sent.getValue().contains("pk-test"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        "header-user | \"safety_identifier\":\"a\",\"user\":\"b\" | header-user",
        "'' | \"safety_identifier\":\"a\",\"user\":\"b\" | a",
        "'' | \"metadata\":{\"user_id\":\"c\"},\"user\":\"b\" | b",
        "'' | \"metadata\":{\"user_id\":\"c\"} | c",
        "'' | \"seed\":1 | ''"
      })
  void endUser_isWhatTheApplicationSays(String header, String fields, String expected)
      throws Exception {
    String body = CHAT.replace("{\"model\"", "{" + fields + ",\"model\"");
    JsonNode row =
        row(
            header.equals("''")
                ? gateway.post("/v1/chat/completions", body)
                : gateway.post("/v1/chat/completions", body, "X-Penstock-User", header));
    assertThat(row.path("end_user").asText()).isEqualTo(expected.replace("'", ""));
    assertThat(row.path("user").asText()).as("no header overrides the key's").isEqualTo("ada");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"user\":\"a\\u0000\"",
        "\"safety_identifier\":\"a\\u001bb\"",
        "\"metadata\":{\"user_id\":\"a\\nb\"}"
      })
  void endUser_withAControlCharacter_isRefused(String fields) {
    HttpResponse<String> response =
        gateway.post(
            "/v1/chat/completions", CHAT.replace("{\"model\"", "{" + fields + ",\"model\""));
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.body()).contains("invalid_request", "control character");
  }

  @Test
  void metadata_thatTheTeamFixes_noHeaderOverrides() throws Exception {
    JsonNode row =
        row(
            gateway.post(
                "/v1/chat/completions",
                CHAT,
                "Authorization",
                "Bearer pk-support",
                "X-Penstock-Metadata",
                "{\"project\":\"p\",\"tier\":\"free\"}"));
    assertThat(row.path("metadata").path("tier").asText()).isEqualTo("pro");
    assertThat(row.path("metadata").path("project").asText()).isEqualTo("p");
  }

  @Test
  void keyNew_itsStanzaLetsTheKeyIn(@TempDir Path other) throws Exception {
    StringWriter said = new StringWriter();
    CommandLine line = Main.commandLine().setOut(new PrintWriter(said));
    assertThat(
            line.execute(
                "key", "new", "--team", "engineering", "--user", "null", "--expires", "2099-12-31"))
        .isZero();
    List<String> lines = said.toString().lines().toList();
    String secret = lines.stream().filter(text -> text.startsWith("pk-")).findFirst().orElseThrow();
    String stanza =
        lines.stream().filter(text -> text.startsWith("  - {")).findFirst().orElseThrow();
    assertThat(stanza).doesNotContain(secret);

    String yaml = RunningGateway.yaml(other, PROVIDER, "");
    try (RunningGateway second =
        RunningGateway.start(other, yaml.replace("keys:\n  -", "keys:\n" + stanza + "\n  -"))) {
      HttpResponse<String> response =
          second.post("/v1/chat/completions", CHAT, "Authorization", "Bearer " + secret);
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      assertThat(second.admin("/admin/v1/requests")).contains("\"user\":\"null\"");
    }
  }

  @Test
  void keyNew_teamThatIsNotConfigured_isAWarning() {
    String config = gateway.file().toString();
    assertThat(keyNew("enginering", config))
        .isEqualTo(
            "warning: --team: enginering (expected: a team of "
                + config
                + "; did you mean engineering?); the key lets nobody in until it is there\n");
    assertThat(keyNew("engineering", config)).isEmpty();
    assertThat(keyNew("enginering", config + ".none")).isEmpty();
  }

  /** Makes a key and returns what was said beside it. */
  private static String keyNew(String team, String config) {
    StringWriter said = new StringWriter();
    StringWriter made = new StringWriter();
    CommandLine line =
        Main.commandLine().setOut(new PrintWriter(made)).setErr(new PrintWriter(said));
    assertThat(line.execute("key", "new", "--team", team, "--config", config)).isZero();
    assertThat(made.toString()).contains("team: " + team);
    return said.toString();
  }

  @Test
  void keyNew_wrongWords_areExitCode1() {
    StringWriter said = new StringWriter();
    CommandLine line = Main.commandLine().setErr(new PrintWriter(said));
    assertThat(line.execute("key", "new", "--team", "t", "--expires", "2027-13-45")).isOne();
    assertThat(said.toString()).contains("--expires: 2027-13-45 (expected: a day such as");
    StringWriter made = new StringWriter();
    line.setOut(new PrintWriter(made));
    assertThat(line.execute("key", "new", "--team", "t", "--expires", "2020-01-01")).isZero();
    assertThat(said.toString())
        .contains("warning: --expires: 2020-01-01 (expected: a day to come); the key lets nobody");
    assertThat(line.execute("key", "new")).isOne();
    assertThat(said.toString()).contains("--team");
  }
}

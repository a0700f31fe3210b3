package io.penstock.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.server.config.load.Inputs;
import io.penstock.server.config.load.LoadResult;
import io.penstock.server.config.schema.ValueType;
import io.penstock.server.config.value.HostPort;
import io.penstock.server.config.value.Secret;
import io.penstock.server.config.value.SecretUrl;
import io.penstock.server.config.value.Size;
import io.penstock.server.config.value.Values;
import io.penstock.server.config.value.Word;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.DriverPropertyInfo;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ConfigValuesTest {
  @TempDir private Path directory;

  @ParameterizedTest
  @CsvSource({"200ms, 200ms", "5s, 5s", "90s, 90s", "120s, 2m", "24h, 1d", "forever, forever"})
  void duration_text_isReadAndWritten(String text, String written) {
    assertThat(Values.format(Values.duration(text))).isEqualTo(written);
  }

  @ParameterizedTest
  @CsvSource({
    "10 USD, 10.00 USD",
    "$10, 10.00 USD",
    "$0.000000001, 0.000000001 USD",
    "0.50 USD, 0.50 USD",
    "2M tokens, 2000000 tokens",
    "1.5k tokens, 1500 tokens",
    "1 token, 1 tokens"
  })
  void limit_text_isReadAndWritten(String text, String written) {
    assertThat(Values.limit(text)).hasToString(written);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"10", "-1 USD", "10 EUR", "1.5 tokens", "$0.0000000001", "99999999999 USD"})
  void limit_otherText_isRefused(String text) {
    assertThatThrownBy(() -> Values.limit(text)).isInstanceOf(RuntimeException.class);
  }

  @Test
  void sizeShareAddressAndExpiry_text_isRead() {
    assertThat(Values.size("10MiB")).isEqualTo(new Size(10 << 20)).hasToString("10MiB");
    assertThat(Values.size("10kB").bytes()).isEqualTo(10_000);
    assertThat(Values.share("2.50%")).isEqualTo(Values.share("2.5%")).hasToString("2.5%");
    assertThat(Values.hostPort("[::1]:80").isLoopback()).isTrue();
    assertThat(Values.hostPort(":80")).isEqualTo(new HostPort("0.0.0.0", 80));
    assertThat(Values.expiry("2027-12-31")).isEqualTo(Instant.parse("2028-01-01T00:00:00Z"));
    assertThat(Values.duration("40000d")).isEqualTo(Values.duration("forever"));
  }

  @Test
  void load_empty_givesDefaults() {
    Config config = Loads.config(directory, "");

    assertThat(config.listen()).isEqualTo(new HostPort("0.0.0.0", 8080));
    assertThat(config.limits().body()).isEqualTo(new Size(32 << 20));
    assertThat(config.limits().drain()).isEqualTo(Duration.ofSeconds(30));
    assertThat(config.clamp().isOn()).isTrue();
    assertThat(config.state()).isNull();
    assertThat(config.admin().token()).isNull();
    assertThat(config.admin().metrics()).isEqualTo(Word.MetricsAccess.TOKEN);
    assertThat(config.ledger().retain()).isEqualTo(Duration.ofDays(400));
    assertThat(config.cache().exact()).isEmpty();
  }

  @Test
  void load_variablesAndSecretFiles_areFilledIn() {
    Loads.write(directory, "token", "t0ken\n");
    Path file =
        Loads.write(
            directory,
            "penstock.yaml",
            """
            listen: "127.0.0.1:${PORT}"
            admin: { token: file:token }
            state: { redis: "redis://:${PASSWORD:-none}@host:6379/1" }
            teams: { a: { metadata: { note: "$${literal}" } } }
            """);

    LoadResult.Loaded loaded =
        Loads.loaded(Loads.load(file, Map.of("PORT", "81", "PASSWORD", "pw")));
    Config config = loaded.config();

    assertThat(config.listen().port()).isEqualTo(81);
    assertThat(config.admin().token()).isEqualTo(Secret.of("t0ken")).hasToString("****");
    assertThat(Objects.requireNonNull(config.state()).redis().getFirst().reveal())
        .isEqualTo("redis://:pw@host:6379/1");
    assertThat(Loads.at(config.teams(), "a").metadata()).containsEntry("note", "${literal}");
    assertThat(loaded.inputs().files()).contains(file, directory.resolve("token"));
    assertThat(EffectiveConfig.render(config).toString()).doesNotContain("pw@", "t0ken");
  }

  @Test
  void mayHaveChanged_fileOrGlob_isSeen() throws Exception {
    Loads.write(directory, "penstock.yaml", "include: [teams/*.yaml]");
    Path team = Loads.write(directory, "teams/a.yaml", "teams: { a: {} }");
    Inputs inputs = Loads.load(directory.resolve("penstock.yaml"), Map.of()).inputs();
    assertThat(inputs.mayHaveChanged()).isFalse();

    Path other = Loads.write(directory, "teams/b.yaml", "teams: { b: {} }");
    assertThat(inputs.mayHaveChanged()).as("a file has come").isTrue();
    Files.delete(other);
    assertThat(inputs.mayHaveChanged()).isFalse();
    Files.writeString(team, "teams: { longer: {} }");
    assertThat(inputs.mayHaveChanged()).as("a file has changed").isTrue();
  }

  @Test
  void secretUrl_print_hidesCredentials() {
    assertThat(SecretUrl.of("https://hooks.slack.com/services/T0/B0/xyz"))
        .hasToString("https://hooks.slack.com/****");
    assertThat(SecretUrl.of("jdbc:postgresql://db/x?user=u&password=p"))
        .hasToString("jdbc:postgresql://db/x?****");
    assertThat(SecretUrl.of("redis://:pw/d?x@host:1")).hasToString("redis://****");
    assertThat(SecretUrl.of("rediss://u:p@host:1")).hasToString("rediss://****@host:1");
    assertThat(SecretUrl.of("ann:pw@proxy:3128")).hasToString("****@proxy:3128");
    assertThat(SecretUrl.of("sqlite:data/ledger.db")).hasToString("sqlite:data/ledger.db");
    assertThat(SecretUrl.of("sqlite:/a b/l.db?key=p")).hasToString("sqlite:/a b/l.db?****");
    assertThat(SecretUrl.of("logs/requests.jsonl")).hasToString("logs/requests.jsonl");
    assertThat(SecretUrl.of("host=h user=a password=pw")).hasToString("****");
    assertThat(SecretUrl.of("hunter2")).hasToString("****");
    assertThat(SecretUrl.of("redis-sentinel://:p@a:1,b:2/0#main"))
        .hasToString("redis-sentinel://****@a:1,b:2/0#main");
    assertThat(SecretUrl.of("jdbc:sqlserver://h:1;password=pw"))
        .hasToString("jdbc:sqlserver://****");
  }

  @Test
  void render_addressWithAQuery_isShownWithoutIt() {
    Config config =
        Loads.config(
            directory,
            "providers: { p: { dialect: openai, base_url: 'https://h/v1?api-key=pw' } }\n");
    assertThat(EffectiveConfig.render(config).toString())
        .contains("https://h/v1?****")
        .doesNotContain("pw");
  }

  @Test
  void address_withAPassword_isAProblem_andNotShown() {
    String providers =
        "providers: { p: { dialect: openai, base_url: 'http://ann:hunter2@host/v1', keys: [k] }"
            + " }\n";
    assertThat(Loads.lines(Loads.problems(Loads.load(directory, providers))).toString())
        .contains("providers.p.base_url")
        .contains("without a password")
        .doesNotContain("hunter2");
  }

  @Test
  void secretUrl_thatNobodyCouldAsk_isAProblem_andNotShown() {
    assertThat(
            Loads.lines(
                    Loads.problems(
                        Loads.load(directory, "telemetry: { requests: 'https://host/a token' }\n")))
                .toString())
        .contains("telemetry.requests")
        .contains("an address")
        .doesNotContain("token");
  }

  @Test
  void schema_everyKeyOfTheExample_isDescribed() {
    JsonNode schema = ConfigSchema.make();

    assertThat(schema.at("/additionalProperties").asBoolean(true)).isFalse();
    assertThat(schema.findValuesAsText("description")).hasSizeGreaterThan(150).doesNotContain("");
    assertThat(schema.at("/properties").properties())
        .hasSize(Config.class.getRecordComponents().length);
  }

  @ParameterizedTest
  @CsvSource({
    "java.time.Duration, '200ms,5s,10m,6h,30d,forever,${X:-5s}', '30,5 minutes,1.5h,s'",
    "io.penstock.server.config.value.Size, '10MiB,1 GB,512B,${X}', '10,10 M,1.5MiB'",
    "io.penstock.server.config.value.Share, '5%,0.5 %', '0.5,5 percent'",
    "io.penstock.server.config.value.Limit$Money, '10 USD,$10,$ 1.5', '10,10 EUR,1'",
    "io.penstock.server.config.value.Limit, '10 USD,2M tokens,1 token', '10,2M,60/min'",
    "io.penstock.server.config.value.HedgeDelay, 'p95,800ms', 'p99,800'"
  })
  void schema_patternOfAUnit_takesWhatTheLoaderTakes(Class<?> type, String taken, String refused) {
    ValueType value = Objects.requireNonNull(ValueType.of(type));
    for (String text : taken.split(",", -1)) {
      assertThat(text).matches(value.pattern() + "|\\$\\{.*");
      if (!text.startsWith("${")) {
        assertThat(value.parse().apply(text)).isNotNull();
      }
    }
    for (String text : refused.split(",", -1)) {
      assertThat(text).doesNotMatch(value.pattern());
      assertThatThrownBy(() -> value.parse().apply(text)).isInstanceOf(RuntimeException.class);
    }
    assertThat(ConfigSchema.make().toString()).contains(value.expected());
  }

  @Test
  void load_tenThousandKeys_isSound() {
    StringBuilder yaml = new StringBuilder("teams: { t: {} }\nkeys:\n");
    for (int i = 0; i < 10_000; i++) {
      yaml.append(
          "  - { id: k-%d, sha256: [\"%064x\"], team: t, app: a, user: u, deny: [n] }\n"
              .formatted(i, i));
    }
    long start = System.nanoTime();

    List<KeyConfig> keys = Loads.config(directory, yaml.toString()).keys();

    System.out.printf("10,000 keys: %d ms%n", (System.nanoTime() - start) / 1_000_000);
    assertThat(keys).hasSize(10_000);
  }

  @ParameterizedTest
  @ValueSource(strings = {"//db/x", "//db/x?user=u"})
  void ledgerPassword_ofAnyCharacters_reachesTheDriverAsItIs(String url) throws Exception {
    String password = "a&b%c#d+e f?g=h/\u00e9:$\"";
    String yaml = "ledger: { url: \"jdbc:postgresql:%s\", password: \"${DB}\" }".formatted(url);
    Path file = Loads.write(directory, "penstock.yaml", yaml);
    LedgerConfig ledger = Loads.loaded(Loads.load(file, Map.of("DB", password))).config().ledger();
    assertThat(ledger.toString()).doesNotContain("a&b").doesNotContain("a%26");
    DriverPropertyInfo[] info =
        DriverManager.getDriver(ledger.location())
            .getPropertyInfo(ledger.location(), new Properties());
    assertThat(info)
        .filteredOn(property -> property.name.equals("password"))
        .singleElement()
        .satisfies(property -> assertThat(property.value).isEqualTo(password));
  }

  @ParameterizedTest
  @ValueSource(strings = {"penstock/penstock.yaml", "kubernetes/config.yaml"})
  void deployments_putNoVariableRawIntoAQuery(String file) throws Exception {
    assertThat(Files.readString(Path.of("../docker").resolve(file)))
        .contains("password: \"${POSTGRES_PASSWORD}\"")
        .doesNotContainPattern("\\?[^\"\n]*\\$\\{");
  }
}

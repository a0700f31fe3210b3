package io.penstock.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.server.config.load.ConfigLoader;
import io.penstock.server.config.load.LoadResult;
import io.penstock.server.config.value.HostPort;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What each kind of mistake says, word for word. */
final class ConfigProblemsTest {
  private static final String SOUND =
      """
      providers: { onprem: { dialect: openai, base_url: http://127.0.0.1:8000/v1 } }
      models: { small: onprem/s }
      teams: { support: {} }
      """;

  @TempDir private Path directory;

  @Test
  void load_everyKindOfMistake_reportsAllAtOnce() {
    List<String> lines =
        lines(
            """
            lissten: 0.0.0.0:8080
            listen: nowhere
            clamp: true
            limits: { body: 32, inflight: 0, drain: 5 minutes, drain: 1s }
            providers:
              onprem: { dialect: opnai, base_url: ftp://x }
              near: { dialect: openai }
            models:
              small: onprme/s
              round: { targets: [square] }
              square: { targets: [round, small] }
              none: { strategy: rules }
            teams:
              support: { models: [smal] }
            keys:
              - { id: a, sha256: secret-by-mistake, team: support }
              - { id: b, sha256: "%s", team: suport }
            budgets:
              - { name: x, limit: 10 }
              - { name: y, limit: 10 USD, per: person }
            timezone: Mars/Base
            log: ${LOG_FORMAT}
            """
                .formatted("0".repeat(64)));

    assertThat(lines)
        .containsExactly(
            "penstock.yaml:1:1: lissten: unknown key (expected: one of listen, tls, admin, include,"
                + " limits, transport, loops, proxy_protocol, timezone, log, state, ledger,"
                + " end_users, providers, prices, models, passthrough, teams, keys, jwt, budgets,"
                + " clamp, rates, cache, alerts, telemetry; did you mean listen?)",
            "penstock.yaml:2:9: listen: nowhere (expected: host:port such as 0.0.0.0:8080)",
            "penstock.yaml:3:8: clamp: true (expected: on, off)",
            "penstock.yaml:4:17: limits.body: 32 (expected: a size such as 10MiB)",
            "penstock.yaml:4:31: limits.inflight: 0 (expected: above 0)",
            "penstock.yaml:4:41: limits.drain: 5 minutes (expected: a duration: 200ms 5s 10m 6h 30d"
                + " forever)",
            "penstock.yaml:4:52: `drain` again (expected: each key once; the first is on line 4)",
            "penstock.yaml:6:22: providers.onprem.dialect: opnai (expected: openai, anthropic,"
                + " gemini, bedrock, azure, vertex, cohere, demo; did you mean openai?)",
            "penstock.yaml:6:39: providers.onprem.base_url: ftp://x (expected: an address such as"
                + " https://host/path, without a password)",
            "penstock.yaml:7:9: providers.near.base_url: (none) (expected: an address such as"
                + " https://api.example.com/v1)",
            "penstock.yaml:9:10: models.small.targets[0].model: onprme/s (expected: a provider"
                + " under providers before the slash; did you mean onprem/s?)",
            "penstock.yaml:10:10: models.round: round -> square -> round (expected: targets that"
                + " end at a provider)",
            "penstock.yaml:12:9: models.none.rules: [] (expected: at least one rule)",
            "penstock.yaml:14:23: teams.support.models[0]: smal (expected: a name under models; did"
                + " you mean small?)",
            "penstock.yaml:16:22: keys[0].sha256: **** (expected: 64 hexadecimal digits, as"
                + " `penstock key new` prints them)",
            "penstock.yaml:17:96: keys[1].team: suport (expected: a name under teams; did you mean"
                + " support?)",
            "penstock.yaml:19:23: budgets[0].limit: 10 (expected: 10 USD, $10 or 2M tokens)",
            "penstock.yaml:20:36: budgets[1].per: person (expected: app, end_user, key, model,"
                + " provider, session, team, user or metadata.NAME)",
            "penstock.yaml:21:11: timezone: Mars/Base (expected: a time zone such as"
                + " Europe/Berlin)",
            "penstock.yaml:22:6: log: ${LOG_FORMAT} (expected: the environment variable LOG_FORMAT,"
                + " or ${LOG_FORMAT:-default})");
  }

  @Test
  void load_severalMistakesInOneEntry_areNamedAtOnce() {
    List<String> lines =
        lines(
            SOUND
                + """
                keys: [{ id: a, sha256: nonsense, team: suport, models: [smal], routes: [smll] }]
                budgets: [{ name: b, limit: 10, when: 'taem == "x"' }]
                """);

    assertThat(lines)
        .satisfiesExactly(
            line -> assertThat(line).contains("keys[0].sha256: ****"),
            line -> assertThat(line).contains("keys[0].team: suport", "did you mean support?"),
            line -> assertThat(line).contains("keys[0].models[0]: smal", "did you mean small?"),
            line -> assertThat(line).contains("keys[0].routes[0]: smll", "did you mean small?"),
            line -> assertThat(line).contains("budgets[0].limit: 10"),
            line ->
                assertThat(line)
                    .startsWith("penstock.yaml:5:39: budgets[0].when: taem == \"x\"")
                    .contains("did you mean team?"));
  }

  @Test
  void load_entriesWithAnotherMistake_haveWhatTheyAskNamedToo() {
    List<String> lines =
        lines(
            """
            providers: { onprem: { dialect: openai, base_url: http://127.0.0.1:8000/v1 } }
            models:
              small: onprem/s
              first: { hold: soon, targets: [onprme/s, { model: smal, weight: -1 }, "onprem/*"] }
              ruled: { rules: [{ use: nowhere }], hold: soon, baseline: onprme/b }
              shadowed: { targets: [onprem/s], shadow: { model: onprme/x } }
            budgets: [{ name: b, limit: 10, over: { use: smal } }]
            cache: { semantic: { ttl: 0s, embedder: onprme/e } }
            """);

    assertThat(lines)
        .satisfiesExactly(
            line -> assertThat(line).contains("models.first.hold: soon"),
            line ->
                assertThat(line)
                    .startsWith("penstock.yaml:4:34: models.first.targets[0].model: onprme/s")
                    .contains("did you mean onprem/s?"),
            line ->
                assertThat(line)
                    .contains("models.first.targets[1].model: smal", "did you mean small?"),
            line -> assertThat(line).contains("models.first.targets[1].weight: -1"),
            line ->
                assertThat(line)
                    .contains("models.first.targets[2].model: onprem/*", "`first` has none"),
            line -> assertThat(line).contains("models.ruled.rules[0].use: nowhere"),
            line -> assertThat(line).contains("models.ruled.hold: soon"),
            line -> assertThat(line).contains("models.ruled.baseline: onprme/b"),
            line -> assertThat(line).contains("models.shadowed.shadow.budget: missing"),
            line -> assertThat(line).contains("models.shadowed.shadow.model: onprme/x"),
            line -> assertThat(line).contains("budgets[0].limit: 10"),
            line -> assertThat(line).contains("budgets[0].over.use: smal", "did you mean small?"),
            line -> assertThat(line).contains("cache.semantic.ttl: 0s"),
            line -> assertThat(line).contains("cache.semantic[0].embedder: onprme/e"));
  }

  @Test
  void load_sectionWithMistakesAlone_isNotCalledEmpty() {
    LoadResult result =
        Loads.load(
            directory,
            """
            providers: { onprem: { dialect: opnai } }
            models: { small: { targets: [] } }
            teams: { support: {} }
            keys: [{ id: a, sha256: nonsense, team: support }]
            """);

    assertThat(Loads.problems(result)).hasSize(3);
    assertThat(((LoadResult.Rejected) result).warnings()).isEmpty();
  }

  @Test
  void check_conditionsAlone_areNamedWithTheirPlace() {
    String conditions =
        """
        rates: [{ name: r, requests: 1, when: 'modell == "x"' }]
        cache: { semantic: { store_if: 'response.finsh == "stop"' } }
        """;
    Path file = Loads.write(directory, "penstock.yaml", SOUND + conditions);

    assertThat(Loads.lines(Loads.problems(new ConfigLoader(Map.of()).check(file))))
        .satisfiesExactly(
            line ->
                assertThat(line)
                    .startsWith("penstock.yaml:4:39: rates[0].when: modell")
                    .contains("did you mean model?"),
            line ->
                assertThat(line)
                    .startsWith("penstock.yaml:5:32: cache.semantic.store_if: response.finsh")
                    .contains("exist in accept and store_if"));
  }

  @Test
  void load_adminBeyondLoopbackWithoutToken_isRefused() {
    assertThat(lines(SOUND + "admin: { listen: 0.0.0.0:9091 }"))
        .containsExactly(
            "penstock.yaml:4:18: admin.listen: 0.0.0.0:9091 without a token (expected: a loopback"
                + " address such as 127.0.0.1:9091, or admin.token)");
  }

  @Test
  void load_adminTokenThatCanBeGuessed_beyondLoopback_isAWarning() {
    String admin = SOUND + "admin: { listen: %s:9091, token: %s }";
    assertThat(warnings(admin.formatted("0.0.0.0", "fifteen-chars-x")))
        .singleElement(InstanceOfAssertFactories.STRING)
        .startsWith("penstock.yaml:4:39: admin.token: **** of 15 characters")
        .contains("(expected: 16 or more that nobody can guess");
    assertThat(warnings(admin.formatted("0.0.0.0", "sixteen-chars-xx"))).isEmpty();
    assertThat(warnings(admin.formatted("127.0.0.1", "short"))).isEmpty();
  }

  @Test
  void load_headersForTwoReceivers_orInTheClear_areAWarning() {
    String telemetry = SOUND + "telemetry: { otlp: '%s', requests: '%s', headers: { a: '%s' } }";
    assertThat(told(telemetry.formatted("https://a.example/x", "https://b.example/y", "s")))
        .singleElement(InstanceOfAssertFactories.STRING)
        .contains("telemetry.headers: ", "a.example", "b.example", "both");
    assertThat(told(telemetry.formatted("http://collector:4318", "rows.jsonl", "s")))
        .singleElement(InstanceOfAssertFactories.STRING)
        .contains("telemetry.otlp: http://collector:4318 ", "in the clear");
    assertThat(told(telemetry.formatted("https://a.example", "https://A.example:443/y", "s")))
        .isEmpty();
    assertThat(told(telemetry.formatted("http://127.0.0.1:4318", "", "s"))).isEmpty();
    assertThat(told(telemetry.formatted("http://[::1]:4318", "rows.jsonl", "s"))).isEmpty();
    assertThat(told(telemetry.formatted("http://collector:4318", "https://b.example", "")))
        .as("no header is sent")
        .isEmpty();
  }

  private List<String> told(String yaml) {
    return Loads.lines(Loads.loaded(Loads.load(directory, yaml)).warnings()).stream()
        .filter(line -> line.contains("telemetry"))
        .toList();
  }

  /** Those of the token. */
  private List<String> warnings(String yaml) {
    return Loads.lines(Loads.loaded(Loads.load(directory, yaml)).warnings()).stream()
        .filter(line -> line.contains("admin.token"))
        .toList();
  }

  @Test
  void load_adminTokenThatNoHeaderCarries_isRefused_andNotQuoted() {
    for (String token : List.of("schlüssel-1", "two words")) {
      assertThat(lines(SOUND + "admin: { token: \"" + token + "\" }"))
          .singleElement()
          .asString()
          .contains("admin.token: **** (expected: printable ASCII without spaces")
          .doesNotContain(token);
    }
  }

  @Test
  void load_adminOnThePortOfClients_isRefused() {
    assertThat(lines(SOUND + "admin: { listen: 127.0.0.1:8080 }"))
        .containsExactly(
            "penstock.yaml:4:18: admin.listen: 127.0.0.1:8080 (expected: another port than that of"
                + " listen, where clients connect)");
    assertThat(new HostPort("127.0.0.1", 0).meets(new HostPort("127.0.0.1", 0))).isFalse();
    assertThat(new HostPort("127.0.0.1", 1).meets(new HostPort("127.0.0.2", 1))).isFalse();
  }

  @Test
  void load_emptySecretFile_isNoSecret() {
    Loads.write(directory, "empty", "\n");
    assertThat(lines(SOUND + "admin: { listen: 0.0.0.0:9091, token: file:empty }"))
        .contains(
            "penstock.yaml:4:39: admin.token: file:empty (expected: a file that is not empty)");
    assertThat(lines(SOUND + "alerts: [{ webhook: \"http://x/y\", secret: file:empty }]"))
        .singleElement(InstanceOfAssertFactories.STRING)
        .contains("alerts[0].secret: file:empty");
  }

  @Test
  void load_webhookThatNobodyCanBeReachedAt_isRefused_andNotShown() {
    for (String address : List.of("notaurl", "T0/B0/hush", "ftp://x/hush", "HTTP:///hush")) {
      assertThat(lines(SOUND + "alerts: [{ webhook: \"" + address + "\" }]"))
          .containsExactly(
              "penstock.yaml:4:21: alerts[0].webhook: **** (expected: https:// or http:// and a"
                  + " host, without a user or password: they would not be sent)");
    }
  }

  @Test
  void load_badAlerts_areAllToldAtOnce() {
    assertThat(
            lines(
                SOUND
                    + """
                    budgets:
                      - { name: b, limit: 1 USD, alerts: [soon, 50.2%, late, 50%, 0%, 50%] }
                      - { name: c, limit: 1 USD, per: [{}, nobody, team, team] }
                    alerts:
                      - { webhook: T0/B0/hush, on: [budgett, breaker, foo] }
                      - { webhook: ftp://x/hush, secrets: x }
                      - { webhook: notaurl, secret: "file:gone" }
                    """))
        .satisfiesExactlyInAnyOrder(
            line -> assertThat(line).contains("budgets[0].alerts[0]: soon (expected: a share"),
            line ->
                assertThat(line)
                    .startsWith("penstock.yaml:5:45:")
                    .contains("budgets[0].alerts[1]: 50.2% (expected: whole percents, 1% to"),
            line -> assertThat(line).contains("budgets[0].alerts[2]: late (expected: a share"),
            line -> assertThat(line).contains("budgets[0].alerts[4]: 0% (expected: whole percents"),
            line ->
                assertThat(line)
                    .startsWith("penstock.yaml:5:67:")
                    .contains("budgets[0].alerts[5]: 50% (expected: each once; the first is")
                    .contains("alerts[3])"),
            line -> assertThat(line).contains("budgets[1].per[0]"),
            line -> assertThat(line).contains("budgets[1].per[1]: nobody (expected: app,"),
            line -> assertThat(line).contains("budgets[1].per[3]: team (expected: each dimension"),
            line ->
                assertThat(line)
                    .startsWith("penstock.yaml:8:")
                    .contains("alerts[0].webhook: **** (expected: https:// or http:// and a host,"),
            line -> assertThat(line).contains("alerts[0].on[0]: budgett (expected: budget,"),
            line -> assertThat(line).contains("alerts[0].on[2]: foo (expected: budget,"),
            line -> assertThat(line).contains("alerts[1].webhook: **** (expected: https:// or"),
            line -> assertThat(line).contains("alerts[1].secrets: unknown key"),
            line -> assertThat(line).contains("alerts[2].webhook: **** (expected: https:// or"),
            line -> assertThat(line).contains("alerts[2].secret: file:gone"));
  }

  @Test
  void load_sharesThatWouldBeRounded_areRefused() {
    String budget = "budgets: [{ name: b, limit: 1 USD, ";
    assertThat(lines(SOUND + budget + "alerts: [50%, 50.2%] }]"))
        .singleElement(InstanceOfAssertFactories.STRING)
        .contains("penstock.yaml:4:")
        .contains("budgets[0].alerts[1]: 50.2% (expected: whole percents, 1% to 1000%)");
    for (String share : List.of("100%", "100.4%", "90%")) {
      assertThat(lines(SOUND + budget + "over: { use: fast, deny_at: " + share + " } }]"))
          .anyMatch(line ->
              line.startsWith("penstock.yaml:4:")
                  && line.contains(
                      "budgets[0].over.deny_at: "
                          + share
                          + " (expected: whole percents above 100%, or left out)"));
    }
  }

  @Test
  void load_limitsBeyondWhatOneArrayTakes_areRefused() {
    assertThat(lines(SOUND + "limits: { body: 2GiB, headers: 5GiB }"))
        .containsExactly(
            "penstock.yaml:4:17: limits.body: 2GiB (expected: at most 1GiB)",
            "penstock.yaml:4:32: limits.headers: 5GiB (expected: at most 16MiB)");
  }

  @Test
  void load_refused_stillSaysWhereTheAdminPortIs() {
    String admin = "admin: { listen: 127.0.0.9:7 }\n";
    assertThat(adminOf(SOUND + admin + "nonsense: 1")).isEqualTo("http://127.0.0.9:7");
    assertThat(adminOf(admin + "nonsense: [")).as("default").isEqualTo("http://127.0.0.1:9091");
    assertThat(adminOf("x: 1\nadmin: { listen: 0.0.0.0:7 }")).isEqualTo("http://127.0.0.1:7");
    assertThat(adminOf("x: 1\nadmin: { listen: '[::]:7' }")).isEqualTo("http://[::1]:7");
  }

  private String adminOf(String yaml) {
    return ((LoadResult.Rejected) Loads.load(directory, yaml)).admin().reachable();
  }

  @Test
  void load_brokenYaml_saysWhere() {
    assertThat(lines("listen: [1, 2\nadmin: {}")).singleElement().asString().contains(":2:");
    assertThat(lines("- a list")).singleElement().asString().contains("a mapping of keys");
    assertThat(lines("a: 1\n---\nb: 2")).singleElement().asString().contains("one document");
    assertThat(lines("listen: !env X")).singleElement().asString().contains("no tags");
  }

  @Test
  void load_missingFile_isAProblem() {
    LoadResult result = Loads.load(directory.resolve("none.yaml"), Map.of());

    assertThat(Loads.lines(Loads.problems(result)))
        .containsExactly("none.yaml: no such file (expected: a file that can be read)");
  }

  @Test
  void load_deepNesting_isBounded() {
    assertThat(lines("listen: " + "[".repeat(100_000)))
        .singleElement()
        .asString()
        .contains("at most 32 levels");
  }

  @Test
  void load_aliasBomb_isBounded() {
    StringBuilder bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 10; i++) {
      String alias = "*a" + (i - 1);
      bomb.append("a%d: &a%d [%s]\n".formatted(i, i, (alias + ", ").repeat(10)));
    }

    assertThat(lines(bomb.toString())).singleElement().asString().contains("too many values");
  }

  @Test
  void load_includes_mergeAndReportDuplicates() {
    Loads.write(directory, "teams/a.yaml", "teams: { sales: {} }\nlisten: 1.2.3.4:80\n");
    Loads.write(directory, "teams/b.yaml", "teams: { support: {} }\n");

    assertThat(lines(SOUND + "include: [teams/*.yaml, gone.yaml]"))
        .satisfiesExactly(
            line -> assertThat(line).startsWith("penstock.yaml:4:25: include[1]: gone.yaml"),
            line -> assertThat(line).startsWith("a.yaml:2:1: listen: not in an included file"),
            line ->
                assertThat(line)
                    .startsWith("b.yaml:1:10: teams.support: again")
                    .contains("penstock.yaml:3"));
  }

  @Test
  void load_duplicateKeys_areReported() {
    String key = "{ id: k, sha256: \"%s\", team: support }".formatted("0".repeat(64));

    assertThat(lines(SOUND + "keys:\n- " + key + "\n- " + key))
        .satisfiesExactly(
            line -> assertThat(line).contains("keys[1].id: k (expected: each id once"),
            line -> assertThat(line).contains("keys[1].sha256: 00000000... (expected: each hash"));
  }

  @Test
  void load_namesTwice_areTold_alsoInEntriesWithOtherMistakes() {
    assertThat(
            lines(
                SOUND
                    + """
                    budgets:
                      - { name: b, limit: none }
                      - { name: b, limit: 1 USD, every: day }
                      - { name: c, limit: 1 USD, every: day, alerts: [0%] }
                    """))
        .anyMatch(line -> line.contains("budgets[0].limit: none"))
        .anyMatch(line -> line.contains("budgets[1].name: b (expected: each name once; the first"))
        .anyMatch(line ->
            line.contains("budgets[2].alerts[0]: 0% (expected: whole percents, 1% to 1000%)"))
        .hasSize(3);
  }

  @Test
  void load_whatOneValueMustBe_isToldBesideOtherMistakes() {
    assertThat(
            lines(
                """
                ledger: { url: "mysql:foo", retain: -3d, rollup: [metadata.a, foo] }
                providers: { onprem: { dialect: openai, base_url: http://127.0.0.1:8000/v1, retries: { attempts: 11, backoff: no } } }
                models: { small: { targets: [{ model: onprem/s, weight: -1, upto: 2 }], fallback_on: [4x], hold: soon } }
                limits: { body: 2GiB, headers: 5GiB, drain: 5 }
                budgets:
                  - { name: b, limit: 10, per: [team, nobody, team], alerts: [200%, 50%, 50.2%, 0%, 2000%] }
                  - { name: c, limit: 1 USD, over: { use: small, deny_at: 100% } }
                rates: [{ per: x, requests: 2000000000000 }]
                """))
        .satisfiesExactlyInAnyOrder(
            line -> assertThat(line).startsWith("penstock.yaml:1:16: ledger.url: ****"),
            line -> assertThat(line).contains("ledger.retain: -3d"),
            line -> assertThat(line).startsWith("penstock.yaml:1:63: ledger.rollup[1]: foo"),
            line -> assertThat(line).contains("retries.attempts: 11 (expected: 0 to 10)"),
            line -> assertThat(line).contains("retries.backoff: no"),
            line -> assertThat(line).contains("targets[0].weight: -1 (expected: 0 or more)"),
            line -> assertThat(line).contains("targets[0].upto: 2.0 (expected: 0 to 1)"),
            line -> assertThat(line).contains("fallback_on[0]: 4x"),
            line -> assertThat(line).contains("models.small.hold: soon"),
            line -> assertThat(line).contains("limits.body: 2GiB (expected: at most 1GiB)"),
            line -> assertThat(line).contains("limits.headers: 5GiB (expected: at most 16MiB)"),
            line -> assertThat(line).contains("limits.drain: 5"),
            line -> assertThat(line).contains("budgets[0].limit: 10"),
            line -> assertThat(line).contains("budgets[0].per[1]: nobody (expected: app,"),
            line -> assertThat(line).contains("budgets[0].per[2]: team (expected: each dimension"),
            line ->
                assertThat(line).contains("budgets[0].alerts[2]: 50.2% (expected: whole percents,"),
            line ->
                assertThat(line).contains("budgets[0].alerts[3]: 0% (expected: whole percents,"),
            line -> assertThat(line).contains("budgets[0].alerts[4]: 2000% (expected: whole"),
            line -> assertThat(line).contains("budgets[1].over.deny_at: 100% (expected: whole"),
            line -> assertThat(line).contains("rates[0].name: missing"),
            line -> assertThat(line).contains("rates[0].per: x (expected: app,"),
            line -> assertThat(line).contains("rates[0].requests: 2000000000000"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ledger: { url: 'jdbc:postgresql://127.0.0.1:abc/l?user=u&password=SECRETPW' }",
        "ledger: { url: 'jdbc:postgresql://127.0.0.1:1/l%zz?user=u&password=SECRETPW' }",
        "ledger: { url: 'jdbc:postgresql://127.0.0.1:abc/l?user=u', password: SECRETPW }",
        "state: { redis: 'redis://:SECRETPW@ho st:1' }",
        "state: { redis: 'redis://:SECRETPW@host:99999' }",
        "state: { redis: ['redis://host:1', 'redis://:SECRETPW/x@host:1'] }",
        "cache: { redis: 'redis://:SECRETPW@host:70000' }"
      })
  void load_addressThatCannotBeRead_isRefusedWithoutItsPassword(String yaml) {
    assertThat(lines(yaml))
        .singleElement()
        .asString()
        .startsWith("penstock.yaml:1:")
        .contains("(expected: ")
        .doesNotContain("SECRETPW");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "providers: { x: { dialect: openai, base_url: 'http://h/v1', keys: [[sk-SECRETPW]] } }",
        "providers: { x: { dialect: openai, base_url: 'http://h/v1', keys: [{ SECRETPW }] } }",
        "providers: { x: { dialect: openai, base_url: 'http://h', keys: [{ sk-SECRETPW: 1 }] } }",
        "providers: { x: { dialect: openai, base_url: 'http://h', keys: { sk-SECRETPW1: 1 } } }",
        "providers: { x: { dialect: openai, base_url: 'http://h', headers: 'x-key: SECRETPW' } }",
        "providers: { x: { dialect: openai, base_url: 'http://h', credentials: SECRETPW } }",
        "providers: { x: sk-SECRETPW }",
        "providers: { x: { dialect: openai, base_url: 'ftp://h?api-key=SECRETPW' } }",
        "state: 'redis://:SECRETPW@h'",
        "state: { 'redis://:SECRETPW@h:1' }",
        "ledger: 'jdbc:postgresql://h/db?user=u&password=SECRETPW'",
        "ledger: { url: 'host=h user=a password=SECRETPW' }",
        "ledger: { url: 'jdbc:sqlserver://h:1433;user=a;password=SECRETPW' }",
        "ledger: { url: SECRETPW }",
        "telemetry: 'http://u:SECRETPW@c:4318'",
        "prices: { refresh: 'https://u:SECRETPW@h' }",
        "prices: { refresh: 'https://h/?token=SECRETPW' }",
        "alerts: 'https://hooks.slack.com/services/SECRETPW'",
        "alerts: ['https://hooks.slack.com/services/SECRETPW']",
        "admin: SECRETPW",
        "admin: { token: *SECRETPW }",
        "admin: { token: !SECRETPW x }",
        "keys: SECRETPW",
        "tls: SECRETPW",
        "cache: SECRETPW",
        "tls: { certificate: none, key: \"-----BEGIN PRIVATE KEY-----\\nSECRETPW\\n-----\" }",
        "tls: { certificate: none, key: |\n  -----BEGIN PRIVATE KEY-----\n  SECRETPW\n }",
        "tls:\n  certificate: none\n  key: |\n    -----BEGIN PRIVATE KEY-----\n    SECRETPW\n",
        "tls: { certificate: none, \"-----BEGIN PRIVATE KEY-----\\nSECRETPW\": 1 }"
      })
  void load_secretInAnotherPlace_isToldWithoutIt(String yaml) {
    assertThat(lines(yaml))
        .isNotEmpty()
        .allSatisfy(
            line -> assertThat(line).contains("(expected: ").doesNotContain("SECRETPW", "\n"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "providers: { q: { dialect: openai, base_url: 'http://h:99999' } } | q.base_url:"
            + " http://h:9",
        "models: { m: { targets: [p/m], shadow: { model: p/m, share: 500%, budget: 1 USD } } } |"
            + " models.m.shadow.share: 500% (expected: 0% to 100%)",
        "models: { m: { targets: [p/m], hedge: { budget: 150% } } } | models.m.hedge.budget: 150%",
        "models: { m: { targets: [p/m], min_quality: -1 } } | models.m.min_quality: -1.0",
        "models: { m: { targets: [p/m], ceiling: 0 USD } } | models.m.ceiling: 0 USD (exp",
        "models: { m: { targets: [p/m, p/n], strategy: weighted, strong: 2% } } | models.m.strong:"
            + " 2%",
        "models: { m: { strategy: weighted, targets: [{ model: p/m, upto: 0.3 }, p/n] } } |"
            + " upto: 0.3 (expected: strategy complexity, or none)",
        "models: { m: { strategy: complexity, strong: 20%, targets: [{ model: p/m, upto: 0.3 },"
            + " p/n] } } | upto: 0.3 (expected: none beside strong)",
        "providers: { q: { dialect: anthropic, retries: { budget: 200% } } } | retries.budget:"
            + " 200%",
        "cache: { semantic: { verify: 101% } } | cache.semantic.verify: 101%",
        "cache: { semantic: { max_false_hits: 0% } } | cache.semantic.max_false_hits: 0%",
        "budgets: [{ name: b, limit: 1 USD, over: { deny_at: 120% } }] | budgets[0].over.deny_at:"
            + " 120%",
        "budgets: [{ name: b, limit: 10000000000 USD }] | limit: 10000000000 USD (expected: at most"
            + " 9000000000 USD",
        "budgets: [{ name: b, limit: 1.5 tokens }] | tokens (expected: whole nano-USD",
        "budgets: [{ name: b, limit: 2000000000M tokens }] | (expected: at most 1000000000M tok",
        "budgets: [{ name: b, limit: 1 USD, over: use }] | a model, with action use alone: over:",
        "budgets: [{ name: b, limit: 1 USD, when: 'budget[\"nope\"] > 0.5' }] | which nope is not",
        "prices: { discounts: { nobody/x: 5% } } | prices.discounts",
        "prices: { refresh: { url: 'ftp://x' } } | prices.refresh.url: ****",
        "prices: { refresh: { url: 'https://u:pw@h' } } | without a user or password",
        "alerts: [{ webhook: 'https://u:pw@h' }] | without a user or password",
        "telemetry: { otlp: 'http://u:pw@h' } | without a user or password",
        "telemetry: { requests: 'http://u:pw@h/x' } | without a user or password"
      })
  void load_valueThatCannotWork_isRefused(String yaml, String said) {
    String sound =
        yaml.startsWith("providers")
            ? ""
            : "providers: { p: { dialect: openai, base_url: 'http://h' } }\n";
    assertThat(lines(sound + yaml)).singleElement().asString().contains(said);
  }

  @Test
  void load_textWhereAListIsDue_isToldByItsLength() {
    assertThat(
            lines(
                "providers: { x: { dialect: openai, base_url: 'http://h', headers: on,"
                    + " dialct: x, 'x y': 1 } }"))
        .satisfiesExactly(
            line ->
                assertThat(line)
                    .contains(":1:67: providers.x.headers: a text of 2 characters (expected: a"),
            line -> assertThat(line).contains("providers.x.dialct: unknown key", "mean dialect?"),
            line -> assertThat(line).contains("providers.x[\"****\"]: unknown key"));
  }

  @Test
  void load_stanzaBelowAnEmptyList_saysWhatToDo() {
    assertThat(lines("models: {}\nkeys: []\n  - { id: k }\n"))
        .singleElement()
        .asString()
        .startsWith("penstock.yaml:3:3: ")
        .contains("`keys:`, not `keys: []`");
    assertThat(lines("models: {}\nkeys: []\n- { id: k }\n"))
        .singleElement()
        .asString()
        .contains("`keys:`, not `keys: []`");
  }

  @Test
  void load_whatCouldNotWork_isRefused() {
    assertThat(
            lines(
                """
                providers:
                  p:
                    dialect: openai
                    base_url: http://127.0.0.1:8000/v1
                    headers: { Host: evil, content-length: "5", "bad header": x, x-a: "a\\nb", X-A: b, x-ok: "1" }
                models:
                  m: { targets: [{ model: p/m, set: { model: x, stream: true, messages: [], n: 1 }, default: { messages: [], input: [a], model: y } }] }
                teams:
                  t: { metadata: { "": x }, require: ["a b", ""], deny: ["", n] }
                keys:
                  - { id: k, sha256: "%s", team: t, deny: [model, logprobs], require: ["%s"], metadata: { "": y } }
                """
                    .formatted("0".repeat(64), "x".repeat(129))))
        .satisfiesExactlyInAnyOrder(
            line ->
                assertThat(line)
                    .startsWith("penstock.yaml:5:22: providers.p.headers.Host: Host (expected: no"),
            line -> assertThat(line).contains("headers.content-length: content-length"),
            line -> assertThat(line).contains("headers[\"bad header\"]: \"bad header\""),
            line -> assertThat(line).contains("headers.x-a: **** (expected: a text of one line"),
            line -> assertThat(line).contains("headers.X-A: X-A (expected: each header once"),
            line -> assertThat(line).contains("targets[0].set.model: \"x\" (expected: nothing"),
            line -> assertThat(line).contains("targets[0].set.stream: true (expected: nothing"),
            line -> assertThat(line).contains("targets[0].set.messages: [] (expected: something"),
            line -> assertThat(line).contains("targets[0].default.messages: []"),
            line -> assertThat(line).contains("targets[0].default.model: \"y\""),
            line -> assertThat(line).contains("teams.t.metadata[\"\"]: \"\" (expected: a name"),
            line ->
                assertThat(line)
                    .startsWith("penstock.yaml:9:46: teams.t.require[1]: \"\" (expected: a name"),
            line -> assertThat(line).contains("teams.t.deny[0]: \"\" (expected: the name"),
            line -> assertThat(line).contains("keys[0].deny[0]: model (expected: a parameter"),
            line -> assertThat(line).contains("keys[0].require[0]: \"xxx"),
            line -> assertThat(line).contains("keys[0].metadata[\"\"]: \"\""));
  }

  @Test
  void load_denyOfAQuestion_isWarnedOf() {
    LoadResult result =
        Loads.load(directory, SOUND.replace("support: {}", "support: { deny: [n, messages] }"));

    assertThat(Loads.lines(Loads.loaded(result).warnings()))
        .filteredOn(line -> line.contains("deny"))
        .singleElement()
        .asString()
        .startsWith("penstock.yaml:3:31: teams.support.deny[1]: messages (expected: a parameter");
  }

  @Test
  void load_passthroughOfAServedPath_isRefused_aPrefixIsNot() {
    assertThat(
            lines(
                SOUND
                    + """
                    passthrough:
                      /v1/chat/completions: onprem
                      /v1/chat/completions/: onprem
                      /openai/v1/messages: onprem
                      /chat/completions: onprem
                      /v1/models: onprem
                      /v1/responses/x: onprem
                      /v1beta/models/m: onprem
                      /healthz: onprem
                      /v1/usage: onprem
                      /: onprem
                      /v1: onprem
                      /v1/chat: onprem
                      /v1/files: onprem
                      /v1/images/edits: onprem
                    """))
        .hasSize(9)
        .allMatch(line -> line.contains("(expected: a path that is not served here, such as"))
        .anyMatch(line ->
            line.startsWith(
                "penstock.yaml:5:25: passthrough[\"/v1/chat/completions\"]: /v1/chat/completions"));
  }

  @Test
  void load_passthroughForAllTeams_isWarnedOfWhereThereAreSeveral() {
    String several = SOUND.replace("support: {}", "support: {}, sales: {}");
    String entries =
        """
        passthrough:
          /v1/files: onprem
          /v1/batches: { provider: onprem, teams: [support], methods: [GET, POST] }
          /v1/uploads: { provider: onprem, teams: ["*"] }
        """;

    assertThat(Loads.lines(Loads.loaded(Loads.load(directory, several + entries)).warnings()))
        .filteredOn(line -> line.contains("passthrough"))
        .singleElement()
        .asString()
        .contains("passthrough[\"/v1/files\"]", "teams");
    assertThat(Loads.lines(Loads.loaded(Loads.load(directory, SOUND + entries)).warnings()))
        .noneMatch(line -> line.contains("passthrough"));
  }

  @Test
  void load_passthroughToUnknownTeamOrMethod_isRefused() {
    assertThat(
            lines(
                SOUND
                    + """
                    passthrough:
                      /v1/files: { provider: onprm }
                      /v1/batches: { provider: onprem, teams: [suport] }
                      /v1/uploads: { provider: onprem, methods: [get] }
                    """))
        .anyMatch(line -> line.contains("did you mean onprem?"))
        .anyMatch(line -> line.contains("teams[0]: suport") && line.contains("support?"))
        .anyMatch(line -> line.contains("get (expected: "))
        .hasSize(3);
  }

  @Test
  void load_alertBeyondWhatIsRefused_isWarnedOf() {
    LoadResult result =
        Loads.load(
            directory,
            SOUND
                + """
                budgets:
                  - { name: a, limit: 1 USD, every: day, alerts: [50%, 150%] }
                  - { name: b, limit: 1 USD, every: day, alerts: [150%], over: warn }
                """);

    assertThat(Loads.lines(Loads.loaded(result).warnings()))
        .filteredOn(line -> line.contains("budgets["))
        .singleElement()
        .asString()
        .contains("budgets[0].alerts[1]: 150% (expected: at most 100%");
  }

  @Test
  void load_providerWithoutKey_isAWarning() {
    LoadResult result =
        Loads.load(
            directory,
            SOUND.replace("/v1 }", "/v1, keys: [\"${NOT_SET}\", \"file:/no/such/file\"] }"));

    assertThat(Loads.lines(Loads.loaded(result).warnings()))
        .anyMatch(line -> line.contains("keys[0].secret: no value"))
        .anyMatch(line -> line.contains("targets of onprem are skipped"));
  }

  @Test
  void check_conditionOnABudgetThatCountsByTarget_isWarnedOf() {
    String budgets =
        """
        budgets:
          - { name: each, limit: 1 USD, per: [team, model] }
          - { name: some, limit: 1 USD, when: 'provider == "onprem"' }
          - { name: here, limit: 1 USD, overrides: [{ when: 'region == "eu"', limit: 2 USD }] }
          - { name: all, limit: 1 USD, per: team }
        cache: { exact: { when: 'budget["each"] > 0.5 || budget["all"] > 0.5' } }
        """;
    String models =
        "models:\n  small: onprem/s\n  ruled: { strategy: rules, rules: ["
            + "{ if: 'budget[\"some\"] > 0.8 && budget[\"here\"] > 0.8', use: small },"
            + " { if: 'budget[\"all\"] > 0.8', use: small }, { use: small }] }\n";
    String yaml = SOUND.replaceFirst("models: .*\n", models) + budgets;
    Path file = Loads.write(directory, "penstock.yaml", yaml);

    LoadResult result = new ConfigLoader(Map.of()).check(file);

    assertThat(Loads.lines(Loads.loaded(result).warnings()))
        .filteredOn(line -> line.contains("there is none yet"))
        .satisfiesExactly(
            here ->
                assertThat(here).contains("rules[0].if: ", "there is none yet, and here counts"),
            some ->
                assertThat(some).contains("rules[0].if: ", "there is none yet, and some counts"),
            each ->
                assertThat(each)
                    .contains("cache.exact", "when: ", "there is none yet, and each counts"));
  }

  private List<String> lines(String yaml) {
    return Loads.lines(Loads.problems(Loads.load(directory, yaml)));
  }
}

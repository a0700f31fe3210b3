package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.penstock.core.Ticker;
import io.penstock.server.command.ConfigOption;
import io.penstock.server.config.LogConfig;
import io.penstock.server.config.load.LoadResult;
import io.penstock.server.config.load.Problem;
import io.penstock.server.config.value.Word;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Edits that cannot be applied: refused with the reason, and the next good one is taken. */
@ExtendWith(LeakCheck.class)
class ReloadTest {
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

  private static final String LOGGED = "io.penstock.server";

  @TempDir Path directory;

  @Test
  void edit_ofWhatIsReadAtTheStartOnly_saysThatItNeedsARestart() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(directory, RunningGateway.yaml(directory, provider, ""))) {
      String yaml = Files.readString(gateway.file());

      Files.writeString(
          gateway.file(), yaml.replaceFirst("listen: 127.0.0.1:0", "listen: 127.0.0.1:1"));
      Await.until(
          "it is refused",
          () ->
              gateway
                  .admin("/admin/v1/config")
                  .contains("\"problems\":[\"changes to listen need a restart\"]"));
      assertThat(gateway.admin("/metrics")).contains("penstock_config_reload_failures_total 1.0");

      Files.writeString(gateway.file(), yaml);
      Await.until(
          "all is well again", () -> gateway.admin("/admin/v1/config").contains("\"problems\":[]"));
    }
  }

  /** As of a file system without fine times: the same size at the same time. */
  @Test
  void readNow_editThatNoFileShows_isApplied_andARefusalIsToldEachTime() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(directory, RunningGateway.yaml(directory, provider, ""))) {
      FileTime before = Files.getLastModifiedTime(gateway.file());
      String yaml = Files.readString(gateway.file());
      Files.writeString(gateway.file(), yaml.replace("body: 1MiB", "body: 2MiB"));
      Files.setLastModifiedTime(gateway.file(), before);
      gateway.gateway().reloader().readNow();
      Await.until(
          "it is applied", () -> gateway.admin("/admin/v1/config").contains("\"body\":\"2MiB\""));

      Files.writeString(gateway.file(), "nonsense: 1\n");
      gateway.gateway().reloader().readNow();
      gateway.gateway().reloader().readNow();
      Await.until(
          "both times are counted",
          () -> gateway.admin("/metrics").contains("penstock_config_reload_failures_total 2.0"));
    }
  }

  @Test
  void edit_ofClientLimits_isInForceForNewConnections() throws Exception {
    String head =
        RawClient.head("/v1/nope", 0, "Connection: close", "X-Padding: " + "x".repeat(4000));
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(directory, RunningGateway.yaml(directory, provider, ""))) {
      assertThat(answer(gateway, head)).startsWith("HTTP/1.1 404");
      Files.writeString(
          gateway.file(),
          Files.readString(gateway.file()).replace("limits: {", "limits: { headers: 2KiB,"));
      Await.until("the new limit", () -> answer(gateway, head).startsWith("HTTP/1.1 431"));
    }
  }

  private static String answer(RunningGateway gateway, String request) {
    try (RawClient client = RawClient.to(gateway)) {
      client.send(request);
      return client.readToEnd();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void edit_ofARefusedKey_isTriedAtOnce() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(directory, RunningGateway.yaml(directory, provider, ""))) {
      provider.on("/v1/chat/completions").first(1).reply(Script.error(401));
      assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(502);
      assertThat(gateway.post("/v1/chat/completions", CHAT).body()).contains("cooling down");

      Files.writeString(
          gateway.file(), Files.readString(gateway.file()).replace("[sk-upstream]", "[sk-new]"));
      Await.until(
          "it is in force", () -> gateway.admin("/admin/v1/config").contains("\"version\":2"));

      assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void edit_ofTheLog_takesEffectAtOnce() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(directory, RunningGateway.yaml(directory, provider, ""))) {
      Files.writeString(
          gateway.file(), Files.readString(gateway.file()) + "log: { level: debug }\n");
      Await.until(
          "the log's level", () -> LoggerFactory.getLogger("io.penstock.any").isDebugEnabled());
      assertThat(LoggerFactory.getLogger("io.lettuce.core.any").isDebugEnabled()).isFalse();
    } finally {
      Logging.configure(new LogConfig(Word.LogFormat.TEXT, Word.LogLevel.WARN));
    }
  }

  @Test
  void warningsOfTheStart_areShownBeforeAnyEdit() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.yaml(directory, provider, "")
                    .replace("[sk-upstream]", "[sk-upstream, \"${NOT_SET}\"]"))) {
      Await.until(
          "they are shown",
          () -> gateway.admin("/admin/v1/config").contains("keys[1].secret: no value"));
    }
  }

  @Test
  void edit_thatTakesAKeyAway_logsTheWarning_andThoseThatWereThereNoMore() throws Exception {
    Logger logger = (Logger) LoggerFactory.getLogger(LOGGED);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.addAppender(lines);
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.yaml(directory, provider, "")
                    .replace("[sk-upstream]", "[sk-upstream, \"${NOT_SET}\"]"))) {
      Await.until(
          "it has looked", () -> gateway.admin("/admin/v1/config").contains("keys[1].secret"));
      String yaml = Files.readString(gateway.file());
      Files.writeString(
          gateway.file(),
          "# moves all\n" + yaml.replace("\"${NOT_SET}\"", "\"${NOT_SET}\", \"${GONE:-}\""));
      Await.until("it is applied", () -> gateway.admin("/metrics").contains("config_version 2.0"));

      List<String> warned =
          List.copyOf(lines.list).stream()
              .filter(line -> line.getLevel() == Level.WARN)
              .map(ILoggingEvent::getFormattedMessage)
              .filter(line -> line.contains("providers."))
              .toList();
      assertThat(warned)
          .hasSize(1)
          .allMatch(line -> line.contains("keys[2].secret: no value in ${GONE:-}"));
    } finally {
      logger.detachAppender(lines);
    }
  }

  @Test
  void emptiedInclude_isRefused_untilItHasContentOrIsGone() throws Exception {
    Path keys =
        Files.writeString(directory.resolve("keys-a.yaml"), "teams: { late: {} }\n" + key("pk-a"));
    Files.writeString(directory.resolve("keys-b.yaml"), "");
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.yaml(directory, provider, "include: [keys-*.yaml]")
                    .replace("[sk-upstream]", "[sk-upstream, \"${NOT_SET}\"]"))) {
      Await.until(
          "it has looked", () -> gateway.admin("/admin/v1/config").contains("keys[1].secret"));
      assertThat(models(gateway, "pk-a")).isEqualTo(200);
      Files.writeString(keys, "");
      Await.until(
          "it is refused",
          () ->
              gateway.admin("/admin/v1/config").contains("keys-a.yaml: empty, and was not before"));
      assertThat(gateway.admin("/metrics")).contains("penstock_config_reload_failures_total 1.0");
      assertThat(models(gateway, "pk-a")).isEqualTo(200);

      Files.writeString(
          gateway.file(), Files.readString(gateway.file()) + "log: { level: warn }\n");
      Await.until(
          "it is refused again",
          () -> gateway.admin("/metrics").contains("penstock_config_reload_failures_total 2.0"));
      assertThat(models(gateway, "pk-a")).isEqualTo(200);

      Files.writeString(keys, "teams: { late: {} }\n" + key("pk-new"));
      Await.until("it has content", () -> models(gateway, "pk-new") == 200);
      assertThat(models(gateway, "pk-a")).isEqualTo(401);
      assertThat(gateway.admin("/admin/v1/config")).contains("\"problems\":[]");

      Files.delete(keys);
      Await.until("it is gone", () -> models(gateway, "pk-new") == 401);
    }
  }

  @Test
  void emptiedMainFile_isRefused_andNobodyIsLockedOut() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(directory, RunningGateway.yaml(directory, provider, ""))) {
      String yaml = Files.readString(gateway.file());
      Files.writeString(
          gateway.file(), yaml.replace("providers:", "timezone: Europe/Berlin\nproviders:"));
      Await.until(
          "it is in force", () -> gateway.admin("/admin/v1/config").contains("\"version\":2"));

      Files.writeString(gateway.file(), "");
      Await.until(
          "it is refused", () -> !gateway.admin("/admin/v1/config").contains("\"problems\":[]"));
      assertThat(gateway.admin("/admin/v1/config")).contains("\"version\":2");
      assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void edit_thatIsStillBeingWritten_isTakenWhenItLooksTheSameTwice() throws Exception {
    AtomicBoolean writing = new AtomicBoolean();
    try (FakeProvider provider = FakeProvider.start()) {
      String yaml = RunningGateway.yaml(directory, provider, "");
      String whole = yaml + "timezone: Europe/Berlin\n";
      Path file = Files.writeString(directory.resolve("penstock.yaml"), yaml);
      Reloader.Loads loads =
          at -> {
            LoadResult result = ConfigOption.loader(Map.of()).load(at);
            if (writing.getAndSet(false)) {
              write(at, whole);
            }
            return result;
          };
      LoadResult.Loaded loaded = (LoadResult.Loaded) ConfigOption.loader(Map.of()).load(file);
      try (Gateway gateway = Gateway.start(loaded.config(), file, loads, Ticker.system())) {
        writing.set(true);
        Files.writeString(file, yaml + "timezone: Europe/Paris\n");
        Await.until("it is whole", () -> config(gateway).contains("\"version\":2"));
        assertThat(config(gateway)).contains("Europe/Berlin");
      }
    }
  }

  private static String key(String secret) {
    return "keys: [{ id: %s, sha256: \"%s\", team: late }]\n"
        .formatted(secret, io.penstock.core.identity.KeyRing.hash(secret));
  }

  private static int models(RunningGateway gateway, String key) {
    String request = RawClient.head("/v1/models", 0, "Connection: close", "X-Api-Key: " + key);
    return Integer.parseInt(
        answer(gateway, request.replaceFirst("POST", "GET")).substring("HTTP/1.1 ".length(), 12));
  }

  @Test
  void edit_thatMovesAnOverride_warnsThatItsSubjectsBeginAnew() throws Exception {
    String budgets =
        "budgets: [{ name: each, per: key, limit: 1 USD, overrides: [%s] }, { name: other, limit: 1"
            + " USD, overrides: [{ when: 'team == \"x\"', limit: 2 USD }] }]";
    String ann = "{ when: 'user == \"ann\"', limit: %d USD }";
    String bob = "{ when: 'user == \"bob\"', limit: 3 USD }";
    String eve = "{ when: 'user == \"eve\"', limit: 3 USD }";
    String first = budgets.formatted(ann.formatted(2) + ", " + bob);
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(directory, RunningGateway.yaml(directory, provider, first))) {
      String yaml = Files.readString(gateway.file());
      String longer = budgets.formatted(ann.formatted(5) + ", " + bob + ", " + eve);
      Files.writeString(gateway.file(), yaml.replace(first, longer));
      Await.until("in force", () -> gateway.admin("/admin/v1/config").contains("\"version\":2"));
      assertThat(gateway.admin("/admin/v1/config")).doesNotContain("anew");

      Files.writeString(gateway.file(), yaml.replace(first, budgets.formatted(eve + ", " + bob)));
      Await.until("in force", () -> gateway.admin("/admin/v1/config").contains("\"version\":3"));
      assertThat(gateway.admin("/admin/v1/config"))
          .contains("the override 'user == \\\"eve\\\"' of each was number 3 and is number 1")
          .contains("begin anew in this window")
          .doesNotContain("of other");
    }
  }

  @Test
  void emptiedSecretFile_isRefused_andTheTokenStays() throws Exception {
    Path token = Files.writeString(directory.resolve("token"), "t0ken");
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.yaml(directory, provider, "")
                    .replace(
                        "admin: { listen: 127.0.0.1:0 }",
                        "admin: { listen: 127.0.0.1:0, token: file:token, metrics: open }"))) {
      Files.writeString(token, "\n");
      Await.until(
          "it is refused",
          () ->
              withoutToken(gateway, "/metrics")
                  .contains("penstock_config_reload_failures_total 1.0"));
      assertThat(withoutToken(gateway, "/admin/v1/config")).contains("invalid_admin_token");
    }
  }

  private static String withoutToken(RunningGateway gateway, String path) {
    return RunningGateway.send(HttpRequest.newBuilder(gateway.adminUri(path)).build()).body();
  }

  @Test
  void loaderFails_isAProblem_andEditsAreStillTaken() throws Exception {
    AtomicBoolean broken = new AtomicBoolean();
    try (FakeProvider provider = FakeProvider.start()) {
      String yaml = RunningGateway.yaml(directory, provider, "");
      Path file = Files.writeString(directory.resolve("penstock.yaml"), yaml);
      LoadResult.Loaded loaded = (LoadResult.Loaded) ConfigOption.loader(Map.of()).load(file);
      Reloader.Loads loads =
          at -> {
            if (broken.get()) {
              throw new IllegalStateException("the loader is at its wits' end");
            }
            return ConfigOption.loader(Map.of()).load(at);
          };
      try (Gateway gateway = Gateway.start(loaded.config(), file, loads, Ticker.system())) {
        broken.set(true);
        Await.until(
            "it is a problem",
            () -> {
              touch(file, yaml);
              return config(gateway).contains("wits' end");
            });
        broken.set(false);
        touch(file, yaml);
        Await.until("the next edit is taken", () -> config(gateway).contains("\"problems\":[]"));
      }
    }
  }

  @Test
  void fileThatCouldNotBeRead_isReadAgain_andToldOnce() throws Exception {
    AtomicBoolean broken = new AtomicBoolean();
    AtomicInteger refused = new AtomicInteger();
    try (FakeProvider provider = FakeProvider.start()) {
      String yaml = RunningGateway.yaml(directory, provider, "");
      Path file = Files.writeString(directory.resolve("penstock.yaml"), yaml);
      LoadResult.Loaded loaded = (LoadResult.Loaded) ConfigOption.loader(Map.of()).load(file);
      Reloader.Loads loads =
          at -> {
            LoadResult.Loaded now = (LoadResult.Loaded) ConfigOption.loader(Map.of()).load(at);
            if (!broken.get()) {
              return now;
            }
            // No file will look different when it can be read again.
            refused.incrementAndGet();
            Problem why =
                new Problem(
                    at.toString(),
                    1,
                    1,
                    "",
                    "Too many open files",
                    "a file that can be read",
                    null);
            return new LoadResult.Rejected(
                List.of(why), List.of(), now.inputs(), now.config().admin());
          };
      try (Gateway gateway = Gateway.start(loaded.config(), file, loads, Ticker.system())) {
        broken.set(true);
        Await.until(
            "it is looked at",
            () -> {
              if (refused.get() == 0) {
                touch(file, yaml);
              }
              return config(gateway).contains("Too many open files");
            });
        // The first ones may be of edits.
        Await.until("it is read again", () -> refused.get() >= 3);
        String told = failures(gateway);
        Await.until("it is read once more", () -> refused.get() >= 5);
        assertThat(failures(gateway)).isEqualTo(told);
        broken.set(false);
        Await.until("it is well", () -> config(gateway).contains("\"problems\":[]"));
      }
    }
  }

  private static void touch(Path file, String yaml) {
    write(file, yaml + "# " + System.nanoTime() + "\n");
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static String failures(Gateway gateway) {
    URI at = URI.create("http://127.0.0.1:" + gateway.adminPort() + "/metrics");
    return RunningGateway.send(HttpRequest.newBuilder(at).build())
        .body()
        .lines()
        .filter(line -> line.startsWith("penstock_config_reload_failures_total"))
        .findFirst()
        .orElseThrow();
  }

  private static String config(Gateway gateway) {
    URI at = URI.create("http://127.0.0.1:" + gateway.adminPort() + "/admin/v1/config");
    return RunningGateway.send(HttpRequest.newBuilder(at).build()).body();
  }
}

package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.PostgresServer;
import io.penstock.testkit.RedisServer;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Top-ups and resets of the same counter that two replicas compute at once: the lock of those who
 * write to the ledger holds both until both have read what they go by.
 */
final class CorrectionsAtOnceTest {
  private static final String BUDGET =
      "budgets: [{ name: shared, limit: 0.0015 USD, every: total }]";
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"max_tokens\":100,"
          + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String ANSWER =
      "{\"id\":\"c1\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-mini\","
          + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hello\"},"
          + "\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":100,\"total_tokens\":200}}";

  @TempDir Path directory;

  private RunningGateway start(String name, FakeProvider provider, String redis, String database)
      throws IOException {
    Path own = Files.createDirectories(directory.resolve(name));
    String state = redis.isEmpty() ? "" : "state: { redis: \"" + redis + "\" }\n";
    RunningGateway gateway =
        RunningGateway.start(
            own,
            RunningGateway.yaml(own, provider, state + "clamp: off\n" + BUDGET)
                .replaceFirst("sqlite:[^\"]*", database));
    Await.until("ready", () -> gateway.admin("/readyz").startsWith("ok"));
    return gateway;
  }

  private static HttpResponse<String> correct(
      RunningGateway gateway, String verb, String body, String key) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(gateway.adminUri("/admin/v1/budgets/shared/" + verb))
            .POST(HttpRequest.BodyPublishers.ofString(body));
    if (!key.isEmpty()) {
      request.header("Idempotency-Key", key);
    }
    return RunningGateway.send(request.build());
  }

  /** Asks both at once; neither writes before both want to. */
  private static List<HttpResponse<String>> atOnce(
      String database,
      String verb,
      String key,
      RunningGateway one,
      String bodyOfOne,
      RunningGateway two,
      String bodyOfTwo)
      throws Exception {
    one.awaitRecorded();
    two.awaitRecorded();
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
        Connection connection = DriverManager.getConnection(database);
        Statement sql = connection.createStatement()) {
      connection.setAutoCommit(false);
      sql.execute("SELECT pg_advisory_xact_lock(7250612)");
      CompletableFuture<HttpResponse<String>> first =
          CompletableFuture.supplyAsync(() -> correct(one, verb, bodyOfOne, key), callers);
      CompletableFuture<HttpResponse<String>> second =
          CompletableFuture.supplyAsync(() -> correct(two, verb, bodyOfTwo, key), callers);
      Await.until("both wait to write", () -> waiting(sql) == 2);
      connection.commit();
      return List.of(first.get(), second.get());
    }
  }

  private static int waiting(Statement sql) {
    return count(
        sql,
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7250612"
            + " AND NOT granted AND database ="
            + " (SELECT oid FROM pg_database WHERE datname = current_database())");
  }

  private static int count(Statement sql, String query) {
    try (ResultSet results = sql.executeQuery(query)) {
      results.next();
      return results.getInt(1);
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void resets_ofTwoReplicas_giveBackOnce() throws Exception {
    String database = PostgresServer.shared().newDatabase();
    try (RedisServer redis = RedisServer.start();
        FakeProvider provider = FakeProvider.start();
        RunningGateway one = start("one", provider, redis.uri(), database);
        RunningGateway two = start("two", provider, redis.uri(), database)) {
      provider.on("/v1/chat/completions").reply(Script.json(ANSWER));
      for (int i = 0; i < 4; i++) {
        assertThat(one.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      }

      List<HttpResponse<String>> answers = atOnce(database, "reset", "", one, "", two, "");

      assertThat(answers).extracting(HttpResponse::statusCode).containsOnly(200);
      assertThat(answers)
          .extracting(HttpResponse::body)
          .anySatisfy(body -> assertThat(body).contains("\"given_back\":\"0.0003 USD\""))
          .anySatisfy(body -> assertThat(body).contains("\"given_back\":\"0.00 USD\""));
      Await.until(
          "the store knows",
          () -> two.admin("/admin/v1/budgets").contains("\"spent\":\"0.00 USD\""));
    }
  }

  @Test
  void resets_ofATopUpByMistake_takeItBackOnce() throws Exception {
    String database = PostgresServer.shared().newDatabase();
    try (RedisServer redis = RedisServer.start();
        FakeProvider provider = FakeProvider.start();
        RunningGateway one = start("one", provider, redis.uri(), database);
        RunningGateway two = start("two", provider, redis.uri(), database)) {
      assertThat(correct(one, "top-up", "{\"amount\":\"0.05 USD\"}", "").statusCode())
          .isEqualTo(200);
      for (RunningGateway each : List.of(one, two)) {
        Await.until(
            "the store knows",
            () -> each.admin("/admin/v1/budgets").contains("\"spent\":\"-0.05 USD\""));
      }

      List<HttpResponse<String>> answers = atOnce(database, "reset", "", one, "", two, "");

      assertThat(answers)
          .extracting(HttpResponse::body)
          .anySatisfy(body -> assertThat(body).contains("\"given_back\":\"-0.05 USD\""))
          .anySatisfy(body -> assertThat(body).contains("\"given_back\":\"0.00 USD\""));
    }
  }

  @Test
  void topUps_ofTwoReplicas_areBothGiven() throws Exception {
    String database = PostgresServer.shared().newDatabase();
    try (RedisServer redis = RedisServer.start();
        FakeProvider provider = FakeProvider.start();
        RunningGateway one = start("one", provider, redis.uri(), database);
        RunningGateway two = start("two", provider, redis.uri(), database)) {
      String amount = "{\"amount\":\"0.001 USD\"}";

      List<HttpResponse<String>> answers = atOnce(database, "top-up", "", one, amount, two, amount);

      assertThat(answers).extracting(HttpResponse::statusCode).containsOnly(200);
      Await.until(
          "the store knows",
          () -> two.admin("/admin/v1/budgets").contains("\"spent\":\"-0.002 USD\""));
    }
  }

  @Test
  void topUps_ofOneKeyWithTwoAmounts_oneIsBookedAndTheOtherRefused() throws Exception {
    String database = PostgresServer.shared().newDatabase();
    try (RedisServer redis = RedisServer.start();
        FakeProvider provider = FakeProvider.start();
        RunningGateway one = start("one", provider, redis.uri(), database);
        RunningGateway two = start("two", provider, redis.uri(), database)) {
      List<HttpResponse<String>> answers =
          atOnce(
              database,
              "top-up",
              "k1",
              one,
              "{\"amount\":\"0.001 USD\"}",
              two,
              "{\"amount\":\"0.002 USD\"}");

      assertThat(answers).extracting(HttpResponse::statusCode).containsExactlyInAnyOrder(200, 409);
      String booked = answers.getFirst().statusCode() == 200 ? "0.001 USD" : "0.002 USD";
      assertThat(answers)
          .extracting(HttpResponse::body)
          .anySatisfy(body -> assertThat(body).contains("\"given_back\":\"" + booked + "\""))
          .anySatisfy(body ->
              assertThat(body)
                  .contains("idempotency_conflict", "has given back " + booked + " already"));
    }
  }

  @Test
  void adminPort_afterTheDatabaseHasEndedItsSessions_answersAtOnce() throws Exception {
    String database = PostgresServer.shared().newDatabase();
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start("one", provider, "", database);
        Connection connection = DriverManager.getConnection(database);
        Statement sql = connection.createStatement()) {
      for (String path :
          List.of("spend?by=team", "budgets/shared/top-up", "budgets/shared/reset")) {
        gateway.awaitRecorded(); // a session is idle
        endSessions(sql);
        String verb = path.substring(path.lastIndexOf('/') + 1);
        HttpResponse<String> answer =
            path.startsWith("spend")
                ? RunningGateway.send(
                    HttpRequest.newBuilder(gateway.adminUri("/admin/v1/" + path)).build())
                : correct(gateway, verb, verb.equals("reset") ? "" : "{\"amount\":\"1 USD\"}", "");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      }
    }
  }

  private static void endSessions(Statement sql) {
    String others =
        " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    assertThat(count(sql, "SELECT count(pg_terminate_backend(pid))" + others)).isPositive();
    Await.until("they have ended", () -> count(sql, "SELECT count(*)" + others) == 0);
  }

  @Test
  void topUp_whileTheDatabaseIsAway_namesTheLedger() throws Exception {
    try (PostgresServer postgres = PostgresServer.start();
        FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start("one", provider, "", postgres.newDatabase())) {
      postgres.kill();

      HttpResponse<String> answer = correct(gateway, "top-up", "{\"amount\":\"1 USD\"}", "");

      assertThat(answer.statusCode()).isEqualTo(503);
      assertThat(answer.body()).contains("\"ledger_unavailable\"");
    }
  }
}

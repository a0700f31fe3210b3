package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** More than there is room for: refused with 503 and a time, or bounded; and over at once. */
@ExtendWith(LeakCheck.class)
class OverloadTest {
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String NOWHERE = "GET /v1/nowhere HTTP/1.1\r\nHost: x\r\n\r\n";
  private static final String HEALTH = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

  @TempDir Path directory;

  private RunningGateway start(FakeProvider provider, String limits) {
    return RunningGateway.start(
        directory,
        RunningGateway.patient(RunningGateway.yaml(directory, provider, ""))
            .replace("limits: { drain: 5s,", "limits: { drain: 5s, " + limits + ","));
  }

  @Test
  void inflight_full_is503_andOverAtOnce() throws Exception {
    Gate gate = new Gate("two answers");
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, "inflight: 2");
        RawClient one = RawClient.to(gateway);
        RawClient two = RawClient.to(gateway)) {
      provider
          .on("/v1/chat/completions")
          .first(2)
          .reply(Script.json("{\"choices\":[{}]}").pauseBeforeHeaders(gate));
      one.send(RawClient.post("/v1/chat/completions", CHAT));
      two.send(RawClient.post("/v1/chat/completions", CHAT));
      provider.awaitRequest(2);
      HttpResponse<String> third = gateway.post("/v1/chat/completions", CHAT);
      assertThat(third.statusCode()).isEqualTo(503);
      assertThat(third.body()).contains("\"code\":\"overloaded\"").contains("2 requests");
      assertThat(third.headers().firstValue("retry-after")).hasValue("1");
      gate.open();
      one.readUntil("choices");
      two.readUntil("choices");
      assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      assertThat(provider.requests()).hasSize(3);
    }
  }

  @Test
  void inflightBytes_full_is503_andGivenBack() {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, "inflight_bytes: 100kB")) {
      String large = CHAT.replace("hi", "h".repeat(200_000));
      HttpResponse<String> refused = gateway.post("/v1/chat/completions", large);
      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(refused.headers().firstValue("retry-after")).hasValue("1");
      assertThat(provider.requests()).isEmpty();
      assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void connections_tooMany_areToldSoThenClosed_andOverAtOnce() throws Exception {
    List<RawClient> inside = new ArrayList<>();
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, "connections: 8")) {
      for (int i = 0; i < 8; i++) {
        RawClient client = RawClient.to(gateway);
        inside.add(client);
        client.send(HEALTH);
        assertThat(client.readUntil("ok\n")).startsWith("HTTP/1.1 200");
      }
      try (RawClient ninth = RawClient.to(gateway)) {
        ninth.send(HEALTH);
        assertThat(ninth.readUntil("ok\n")).as("a probe").startsWith("HTTP/1.1 200");
        ninth.send(HEALTH.replace("GET", "HEAD"));
        assertThat(ninth.readUntil("\r\n\r\n")).as("a balancer's").startsWith("HTTP/1.1 200");
        ninth.send(NOWHERE);
        assertThat(ninth.readUntil("}}"))
            .startsWith("HTTP/1.1 503")
            .contains("overloaded")
            .containsIgnoringCase("retry-after: 1");
        try (RawClient tenth = RawClient.to(gateway)) {
          assertThat(tenth.readToEnd()).isEmpty();
        }
        assertThat(gateway.admin("/healthz")).as("the admin port has its own").isEqualTo("ok\n");
        inside.removeLast().close();
        Await.until(
            "there is room again",
            () -> {
              try {
                ninth.send(NOWHERE);
                return ninth.readUntil("}}").contains("HTTP/1.1 404");
              } catch (java.io.IOException e) {
                throw new AssertionError(e);
              }
            });
      }
    } finally {
      for (RawClient client : inside) {
        client.close();
      }
    }
  }

  @Test
  void connections_flood_leavesNothing() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, "header_timeout: 20s")) {
      for (int i = 0; i < 500; i++) {
        try (RawClient client = RawClient.to(gateway)) {
          client.send(i % 2 == 0 ? "POST /v1/chat" : RawClient.head("/v1/chat/completions", 99));
        }
      }
      Await.until(
          "all are gone", () -> gateway.admin("/metrics").contains("penstock_inflight 0.0"));
      assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      assertThat(provider.requests()).hasSize(1);
    }
  }

  @Test
  void requests_veryManyOnOneConnection_areAllAnswered() throws Exception {
    int batches = 100;
    int each = 200;
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, "inflight: 10");
        RawClient client = RawClient.to(gateway)) {
      client.send(HEALTH);
      int length = client.readUntil("ok\n").length();
      for (int i = 0; i < batches; i++) {
        client.send(HEALTH.repeat(each));
        assertThat(client.skip((long) each * length)).isEqualTo((long) each * length);
      }
      client.send(RawClient.post("/v1/chat/completions", CHAT, "Connection: close"));
      assertThat(client.readToEnd()).startsWith("HTTP/1.1 200");
    }
  }

  @Test
  void requests_withoutReadingAnswers_areNotReadEither() throws Exception {
    // Requests and answers are each more than all socket buffers on the way take (Linux: 6 MB and 4
    // MB).
    String padded = HEALTH.replaceFirst("\r\n", "\r\nX-Padding: " + "x".repeat(150) + "\r\n");
    int batches = 300;
    int each = 500;
    AtomicLong sent = new AtomicLong();
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, "slow_timeout: 60s");
        RawClient client = RawClient.slow(gateway)) {
      client.send(HEALTH);
      int length = client.readUntil("ok\n").length();
      CompletableFuture<Void> sending =
          CompletableFuture.runAsync(() -> {
            try {
              byte[] batch = padded.repeat(each).getBytes(StandardCharsets.US_ASCII);
              for (int i = 0; i < batches; i++) {
                client.send(batch);
                sent.incrementAndGet();
              }
            } catch (java.io.IOException e) {
              throw new AssertionError(e);
            }
          });
      BackPressureTest.awaitStall("the client is held back", sent::get);
      assertThat(sent.get()).isLessThan(batches);
      long answers = (long) batches * each * length;
      assertThat(client.skip(answers)).isEqualTo(answers);
      sending.get(20, TimeUnit.SECONDS);
    }
  }

  @Test
  void slowReaders_manyLargeAnswers_holdABoundedLotTogether() throws Exception {
    String large = "z".repeat(6_000_000);
    List<RawClient> slow = new ArrayList<>();
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.yaml(directory, provider, "loops: 1")
                    .replace("limits: {", "limits: { unread_bytes: 4MiB,"))) {
      provider
          .on("/v1/chat/completions")
          .first(6)
          .reply(Script.json("{\"choices\":[{}],\"x\":\"" + large + "\"}"));
      for (int i = 0; i < 6; i++) {
        RawClient client = RawClient.slow(gateway);
        slow.add(client);
        client.send(RawClient.post("/v1/chat/completions", CHAT, "Connection: close"));
      }
      provider.awaitRequest(6);
      Await.until(
          "all are answered", () -> gateway.admin("/metrics").contains("penstock_inflight 0.0"));
      assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      int whole = 0;
      for (RawClient client : slow) {
        whole += client.readToEnd().endsWith("z\"}") ? 1 : 0;
      }
      assertThat(whole).as("those that held most are gone, one at least is not").isBetween(1, 5);
    } finally {
      for (RawClient client : slow) {
        client.close();
      }
    }
  }

  @Test
  void body_of100MB_is413_andNeverHeld() throws Exception {
    byte[] piece = new byte[1 << 20];
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, "inflight: 10");
        RawClient client = RawClient.to(gateway)) {
      client.send(RawClient.head("/v1/chat/completions", 100L << 20));
      CompletableFuture<Void> sending =
          CompletableFuture.runAsync(() -> {
            try {
              for (int i = 0; i < 100; i++) {
                client.send(piece);
              }
            } catch (java.io.IOException e) {
              throw new java.io.UncheckedIOException(e);
            }
          });
      assertThat(client.readUntil("}}")).startsWith("HTTP/1.1 413").contains("request_too_large");
      // All of it is read away: whoever reads only when all is sent must not find a reset.
      sending.get(20, TimeUnit.SECONDS);
      assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      assertThat(provider.requests()).hasSize(1);
    }
  }

  @Test
  void body_endless_is413_andNeverHeld() throws Exception {
    byte[] piece =
        ("100000\r\n" + "x".repeat(1 << 20) + "\r\n").getBytes(StandardCharsets.US_ASCII);
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, "inflight: 10, inflight_bytes: 2MiB");
        RawClient client = RawClient.to(gateway)) {
      client.send(
          RawClient.head("/v1/chat/completions", 0)
              .replace("Content-Length: 0", "Transfer-Encoding: chunked"));
      CompletableFuture<Void> sending =
          CompletableFuture.runAsync(() -> {
            try {
              for (int i = 0; i < 300; i++) {
                client.send(piece);
              }
            } catch (java.io.IOException e) {
              // closed by the gateway, which has heard enough
            }
          });
      assertThat(client.readUntil("}}")).startsWith("HTTP/1.1 413").contains("request_too_large");
      assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      client.readToEnd();
      sending.get(20, TimeUnit.SECONDS);
      assertThat(provider.requests()).hasSize(1);
    }
  }
}

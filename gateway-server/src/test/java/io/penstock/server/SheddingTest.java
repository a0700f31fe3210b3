package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Ticker;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A loop that has more to do than it can, by a clock that the test drives. */
@ExtendWith(LeakCheck.class)
class SheddingTest {
  private static final String UNKNOWN = "{\"model\":\"gpt-99\",\"messages\":[]}";
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final int BATCH = 200;

  @TempDir Path directory;

  /** Each reading takes a while: so a turn is as long as there is work in it. */
  private static final class WornClock implements Ticker {
    private final AtomicLong nanos = new AtomicLong();
    private final AtomicLong step = new AtomicLong();

    @Override
    public long nanoTime() {
      return nanos.addAndGet(step.get());
    }

    @Override
    public long epochMillis() {
      return System.currentTimeMillis();
    }

    void slower() {
      step.updateAndGet(before -> before == 0 ? 1_000_000 : before + before / 2);
    }

    void stop() {
      step.set(0);
    }
  }

  private static String batch(String path, String... headerLines) {
    return RawClient.post(path, UNKNOWN, headerLines).repeat(BATCH)
        + "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
  }

  /** Sends batches, each of which takes the loop longer, until one request is shed. */
  private static String sendUntilShed(RawClient client, WornClock clock, String batch) {
    String[] answers = new String[1];
    Await.until(
        "a request is shed",
        () -> {
          clock.slower();
          try {
            client.send(batch);
            answers[0] = client.readUntil("ok\n");
          } catch (IOException e) {
            throw new AssertionError(e);
          }
          return answers[0].contains("HTTP/1.1 503");
        });
    return answers[0];
  }

  @Test
  void turns_growing_shed503InTheDialect_andOverAtOnce() throws Exception {
    WornClock clock = new WornClock();
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.patient(RunningGateway.yaml(directory, provider, "")),
                clock);
        RawClient openai = RawClient.to(gateway);
        RawClient anthropic = RawClient.to(gateway)) {
      String answers = sendUntilShed(openai, clock, batch("/v1/chat/completions"));
      assertThat(answers.split("HTTP/1.1 ", -1)).as("each is answered").hasSize(BATCH + 2);
      assertThat(answers).contains("HTTP/1.1 404").contains("HTTP/1.1 200 OK");
      String shed = answers.substring(answers.indexOf("HTTP/1.1 503"));
      assertThat(shed)
          .containsIgnoringCase("retry-after: 1\r\n")
          .containsIgnoringCase("x-penstock-request-id")
          .contains("\"code\":\"overloaded\"");
      clock.stop();
      assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode())
          .as("over at once")
          .isEqualTo(200);
      assertThat(sendUntilShed(anthropic, clock, batch("/v1/messages")))
          .contains("{\"type\":\"error\"");
      clock.stop();
      assertThat(gateway.admin("/metrics"))
          .containsPattern("penstock_requests_total\\{.*status=\"503\".*");
      assertThat(gateway.admin("/admin/v1/requests?limit=1000"))
          .contains("\"rule\":\"overloaded\"")
          .contains("k-test");
      assertThat(provider.requests()).hasSize(1);
    }
  }

  @Test
  void shedding_bodies_areReadAway_andTheConnectionGoesOn() throws Exception {
    WornClock clock = new WornClock();
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.patient(RunningGateway.yaml(directory, provider, "")),
                clock);
        RawClient client = RawClient.to(gateway)) {
      String large = "{\"model\":\"" + "x".repeat(20_000) + "\"}";
      sendUntilShed(
          client, clock, RawClient.post("/v1/chat/completions", large) + batch("/v1/embeddings"));
      clock.stop();
      client.send(RawClient.post("/v1/chat/completions", CHAT));
      assertThat(client.readUntil("}}")).startsWith("HTTP/1.1 200");
      assertThat(
              RunningGateway.send(
                      HttpRequest.newBuilder(URI.create(gateway.url() + "/readyz")).build())
                  .statusCode())
          .isEqualTo(200);
    }
  }
}

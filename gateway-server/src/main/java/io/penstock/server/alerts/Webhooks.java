package io.penstock.server.alerts;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.server.config.AlertConfig;
import io.penstock.server.config.Secret;
import io.penstock.server.config.SecretUrl;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Posts alerts, again with growing pauses when the receiver does not take them. Any thread. */
final class Webhooks implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Webhooks.class);
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final int MOST_WAITING = 256;
  private static final int TRIES = 8;
  private static final long FIRST_PAUSE_MILLIS = 500;
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final Semaphore room = new Semaphore(MOST_WAITING);
  private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(Thread.ofVirtual().name("alerts-timer").factory());
  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(TIMEOUT).executor(workers).build();

  void post(Alert alert, AlertConfig to) {
    if (!room.tryAcquire()) {
      LOG.atError()
          .addKeyValue("alert", alert.id())
          .addKeyValue("webhook", to.webhook())
          .log(MOST_WAITING + " alerts wait for their webhooks; this one is not posted");
      return;
    }
    try {
      workers.execute(() -> send(new Delivery(alert, to.webhook(), request(alert, to)), 1));
    } catch (RejectedExecutionException e) {
      room.release();
    }
  }

  /** What is sent where. */
  private record Delivery(Alert alert, SecretUrl to, HttpRequest request) {}

  private static HttpRequest request(Alert alert, AlertConfig to) {
    byte[] body;
    try {
      body = MAPPER.writeValueAsBytes(alert.json());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("an alert is not JSON", e);
    }
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(to.webhook().reveal()))
            .timeout(TIMEOUT)
            .header("content-type", "application/json")
            .header("x-penstock-alert-id", alert.id().toString())
            .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    Secret secret = to.secret();
    if (secret != null && !secret.isEmpty()) {
      request.header("x-penstock-signature", "sha256=" + sign(secret, body));
    }
    return request.build();
  }

  private static String sign(Secret secret, byte[] body) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(
          new SecretKeySpec(
              secret.reveal().getBytes(java.nio.charset.StandardCharsets.UTF_8), "HmacSHA256"));
      return HexFormat.of().formatHex(mac.doFinal(body));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HmacSHA256", e);
    }
  }

  private void send(Delivery delivery, int attempt) {
    client
        .sendAsync(delivery.request, HttpResponse.BodyHandlers.discarding())
        .whenComplete((response, failure) -> done(delivery, attempt, response, failure));
  }

  private void done(
      Delivery delivery,
      int attempt,
      @Nullable HttpResponse<Void> response,
      @Nullable Throwable failure) {
    if (response != null && response.statusCode() / 100 == 2) {
      room.release();
      return;
    }
    // The exception's text may hold the address, and the address a token.
    String why =
        response != null
            ? "status " + response.statusCode()
            : failure == null ? "" : failure.getClass().getSimpleName();
    boolean again = attempt < TRIES && !timer.isShutdown();
    LOG.atWarn()
        .addKeyValue("alert", delivery.alert.id())
        .addKeyValue("webhook", delivery.to)
        .addKeyValue("attempt", attempt)
        .log("an alert was not taken: " + why + (again ? "; again later" : "; given up"));
    if (!again || !later(delivery, attempt)) {
      room.release();
    }
  }

  private boolean later(Delivery delivery, int attempt) {
    try {
      timer.schedule(
          () -> send(delivery, attempt + 1),
          FIRST_PAUSE_MILLIS << (attempt - 1),
          TimeUnit.MILLISECONDS);
      return true;
    } catch (RejectedExecutionException e) {
      return false;
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
    client.shutdownNow();
    workers.shutdown();
  }
}

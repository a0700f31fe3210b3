package io.penstock.server.alerts;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.server.config.AlertConfig;
import io.penstock.server.config.value.Secret;
import io.penstock.server.outbound.OutboundHttp;
import java.io.IOException;
import java.net.URI;
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
  private final OutboundHttp http = new OutboundHttp(TIMEOUT);

  void post(Alert alert, AlertConfig to) {
    if (!room.tryAcquire()) {
      LOG.atError()
          .addKeyValue("alert", alert.id())
          .addKeyValue("webhook", to.webhook())
          .log(MOST_WAITING + " alerts wait for their webhooks; this one is not posted");
      return;
    }
    try {
      workers.execute(() -> send(alert, to, 1));
    } catch (RejectedExecutionException e) {
      room.release();
    }
  }

  private static HttpRequest request(Alert alert, AlertConfig to) {
    byte[] body;
    try {
      body = MAPPER.writeValueAsBytes(alert.json());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("an alert is not JSON", e);
    }
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(to.webhook().reveal()))
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

  /** Tries once; gives its place back unless it is tried again. */
  private void send(Alert alert, AlertConfig to, int attempt) {
    boolean waits = false;
    try {
      String problem = attempt(alert, to);
      if (!problem.isEmpty()) {
        waits = attempt < TRIES && later(alert, to, attempt);
        LOG.atWarn()
            .addKeyValue("alert", alert.id())
            .addKeyValue("webhook", to.webhook())
            .addKeyValue("attempt", attempt)
            .log("an alert was not taken: " + problem + (waits ? "; again later" : "; given up"));
      }
    } finally {
      if (!waits) {
        room.release();
      }
    }
  }

  /** Returns why it was not taken, "" when it was; never the address, which may hold a token. */
  private String attempt(Alert alert, AlertConfig to) {
    try {
      int status =
          http.send(request(alert, to), HttpResponse.BodyHandlers.discarding()).statusCode();
      return status / 100 == 2 ? "" : "status " + status;
    } catch (IOException | IllegalArgumentException e) {
      return e.getClass().getSimpleName();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "interrupted";
    }
  }

  private boolean later(Alert alert, AlertConfig to, int attempt) {
    try {
      timer.schedule(
          () -> workers.execute(() -> send(alert, to, attempt + 1)),
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
    http.close();
    workers.shutdown();
  }
}

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
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Posts one alert to one webhook, once, signed where there is a secret. Any thread; blocks. */
final class WebhookHttp implements Outbox.Poster, AutoCloseable {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final OutboundHttp http = new OutboundHttp(TIMEOUT);

  @Override
  public String post(Alert alert, AlertConfig to) {
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
      mac.init(new SecretKeySpec(secret.reveal().getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      return HexFormat.of().formatHex(mac.doFinal(body));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HmacSHA256", e);
    }
  }

  @Override
  public void close() {
    http.close();
  }
}

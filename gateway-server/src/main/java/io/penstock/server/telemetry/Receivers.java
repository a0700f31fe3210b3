package io.penstock.server.telemetry;

import io.penstock.server.config.value.Secret;
import java.net.URI;
import java.net.http.HttpRequest;
import java.util.LinkedHashMap;
import java.util.Map;

/** What every post to a receiver has in common: the headers that let it in. Immutable. */
final class Receivers {
  private final Map<String, Secret> headers = new LinkedHashMap<>();

  /**
   * @param headers by name; those that are empty, as of a variable that is not set, are left out
   */
  Receivers(Map<String, Secret> headers) {
    headers.forEach((name, secret) -> {
      if (!secret.isEmpty()) {
        this.headers.put(name, secret);
      }
    });
  }

  /** Returns the post of a body; of what kind that is nobody else says. */
  HttpRequest post(URI to, String contentType, byte[] body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(to).POST(HttpRequest.BodyPublishers.ofByteArray(body));
    headers.forEach((name, secret) -> request.setHeader(name, secret.reveal()));
    return request.setHeader("content-type", contentType).build();
  }
}

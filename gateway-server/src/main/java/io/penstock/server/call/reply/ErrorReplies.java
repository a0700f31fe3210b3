package io.penstock.server.call.reply;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.core.Dialect;
import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;
import io.penstock.providers.ErrorBodies;
import io.penstock.server.client.Responder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Writes refusals and failures in the dialect of their endpoint. Stateless. */
public final class ErrorReplies {
  private static final long LONG_WAIT_MILLIS = 60_000;

  private ErrorReplies() {}

  /** Answers with the gateway's own reason. */
  public static void reply(
      Responder responder,
      Dialect dialect,
      String requestId,
      GatewayException why,
      HttpHeaders to) {
    ErrorCode code = why.code();
    retryHeaders(to, code, why.retryAfterMillis());
    if (!why.allowed().isEmpty()) {
      to.set(HttpHeaderNames.ALLOW, why.allowed());
    }
    if (code == ErrorCode.UPGRADE_REQUIRED) {
      to.set(HttpHeaderNames.UPGRADE, "HTTP/1.1");
    }
    String json =
        ErrorBodies.json(
            dialect,
            code.status(),
            code.code(),
            why.message(),
            why.param(),
            requestId,
            why.retryAfterMillis());
    responder.reply(code.status(), to, utf8(json));
  }

  /** Answers with an error by its name, such as a provider's own that the client caused. */
  static void reply(
      Responder responder,
      Dialect dialect,
      String requestId,
      int status,
      String code,
      String message,
      @Nullable String param,
      HttpHeaders to) {
    responder.reply(
        status, to, utf8(ErrorBodies.json(dialect, status, code, message, param, requestId)));
  }

  public static HttpHeaders headers(Dialect dialect, String requestId) {
    return ResponseHeaders.of(dialect, requestId, "application/json");
  }

  private static void retryHeaders(HttpHeaders to, ErrorCode code, long retryAfterMillis) {
    boolean wait = retryAfterMillis >= 0;
    if (wait) {
      to.set(HttpHeaderNames.RETRY_AFTER, (retryAfterMillis + 999) / 1000);
      to.set(ResponseHeaders.RETRY_AFTER_MS, retryAfterMillis);
    }
    // SDKs retry a 429 and every 5xx by themselves; these would only fail again (docs/clients.md).
    if (code == ErrorCode.BUDGET_EXCEEDED
        || code == ErrorCode.CACHE_MISS
        || code == ErrorCode.UPSTREAM_CREDENTIALS
        || (code.status() == 429 && wait && retryAfterMillis > LONG_WAIT_MILLIS)) {
      to.set(ResponseHeaders.SHOULD_RETRY, "false");
    }
  }

  /** Returns the text on the heap: what is this small is copied behind its head, and then gone. */
  public static ByteBuf utf8(String text) {
    return Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.UTF_8));
  }
}

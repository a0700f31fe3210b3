package io.penstock.providers;

import io.penstock.core.Dialect;
import io.penstock.core.body.Json;
import org.jspecify.annotations.Nullable;

/** Error bodies as clients of each dialect expect them. */
public final class ErrorBodies {
  private static final String INSUFFICIENT_QUOTA = "insufficient_quota";

  private ErrorBodies() {}

  /**
   * Returns the JSON body.
   *
   * @param client the client's dialect: OpenAI, Anthropic or Gemini
   * @param status the HTTP status
   * @param code the machine-readable reason
   * @param message for a person
   * @param param the request field at fault, or null
   * @param requestId the gateway's id of the request
   */
  public static String json(
      Dialect client,
      int status,
      String code,
      String message,
      @Nullable String param,
      String requestId) {
    return json(client, status, code, message, param, requestId, -1);
  }

  /**
   * Returns the same with when to ask again, where the dialect says it in the body.
   *
   * @param retryAfterMillis less than 0: not said
   */
  public static String json(
      Dialect client,
      int status,
      String code,
      String message,
      @Nullable String param,
      String requestId,
      long retryAfterMillis) {
    return switch (client) {
      case ANTHROPIC ->
          "{\"type\":\"error\",\"error\":{\"type\":"
              + Json.quote(anthropicType(status))
              + ",\"message\":"
              + Json.quote(message)
              + ",\"code\":"
              + Json.quote(code)
              + Threads.details(code, param)
              + "},\"request_id\":"
              + Json.quote(requestId)
              + "}";
      case GEMINI ->
          "{\"error\":{\"code\":"
              + status
              + ",\"message\":"
              + Json.quote(message)
              + ",\"status\":"
              + Json.quote(geminiStatus(status))
              + ",\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":"
              + Json.quote(code)
              + "}"
              + retryInfo(retryAfterMillis)
              + "]}}";
      default ->
          "{\"error\":{\"message\":"
              + Json.quote(message)
              + ",\"type\":"
              + Json.quote(openAiType(status, code))
              + ",\"param\":"
              + (param == null ? "null" : Json.quote(param))
              + ",\"code\":"
              + Json.quote(code)
              + "}}";
    };
  }

  /** Google's SDKs wait for as long as this says. */
  private static String retryInfo(long millis) {
    return millis < 0
        ? ""
        : ",{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":\""
            + Math.ceilDiv(millis, 1000L)
            + "s\"}";
  }

  private static String openAiType(int status, String code) {
    return switch (status) {
      case 401 -> "authentication_error";
      case 402 -> INSUFFICIENT_QUOTA;
      case 403 -> "permission_error";
      case 429 -> code.equals(INSUFFICIENT_QUOTA) ? code : "rate_limit_error";
      default -> status >= 500 ? "server_error" : "invalid_request_error";
    };
  }

  /** The types of Anthropic's errors by status, as its API reference lists them. */
  private static String anthropicType(int status) {
    return switch (status) {
      case 401 -> "authentication_error";
      case 402 -> "billing_error";
      case 403 -> "permission_error";
      case 404 -> "not_found_error";
      case 413 -> "request_too_large";
      case 429 -> "rate_limit_error";
      case 504 -> "timeout_error";
      case 503, 529 -> "overloaded_error";
      default -> status >= 500 ? "api_error" : "invalid_request_error";
    };
  }

  /** The canonical status names of Google's RPC codes. */
  private static String geminiStatus(int status) {
    return switch (status) {
      case 401 -> "UNAUTHENTICATED";
      case 403 -> "PERMISSION_DENIED";
      case 404 -> "NOT_FOUND";
      case 402, 429 -> "RESOURCE_EXHAUSTED";
      case 503 -> "UNAVAILABLE";
      case 504 -> "DEADLINE_EXCEEDED";
      default -> status >= 500 ? "INTERNAL" : "INVALID_ARGUMENT";
    };
  }
}

package io.penstock.server.call.reply;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.core.Dialect;
import io.penstock.core.Ending;
import io.penstock.core.Endpoint;
import io.penstock.core.ErrorCode;
import io.penstock.core.FailureKind;
import io.penstock.core.GatewayException;
import io.penstock.core.body.Json;
import io.penstock.providers.ErrorBodies;
import io.penstock.providers.Failure;
import io.penstock.server.call.Call;

/** What a provider's failure looks like to the client. Stateless. */
public final class ClientErrors {
  /** OpenAI's own word, which its clients look for beside the status. */
  private static final String INSUFFICIENT_QUOTA = "insufficient_quota";

  private ClientErrors() {}

  /** Returns the gateway's code for a failure. */
  public static ErrorCode code(Failure failure) {
    return switch (failure.kind()) {
      case BAD_REQUEST, FORBIDDEN, CONTENT_POLICY -> ErrorCode.INVALID_REQUEST;
      case CONTEXT_LENGTH -> ErrorCode.CONTEXT_LENGTH_EXCEEDED;
      case CREDENTIALS -> ErrorCode.UPSTREAM_CREDENTIALS;
      // Some say it by a 429, which their SDKs know.
      case QUOTA ->
          failure.status() == 429 ? ErrorCode.RATE_LIMITED : ErrorCode.UPSTREAM_CREDENTIALS;
      case RATE_LIMITED -> ErrorCode.RATE_LIMITED;
      case OVERLOADED -> ErrorCode.NO_HEALTHY_TARGET;
      case REDIRECTED, SERVER_ERROR, CONNECT, RESET, CUT -> ErrorCode.UPSTREAM_ERROR;
      case FIRST_BYTE_TIMEOUT, FIRST_TOKEN_TIMEOUT, IDLE_TIMEOUT, TOTAL_TIMEOUT ->
          ErrorCode.UPSTREAM_TIMEOUT;
      case NO_SOCKET, NO_BUFFER -> ErrorCode.OVERLOADED;
      case MALFORMED, TOO_LARGE, UNTRANSLATABLE -> ErrorCode.UPSTREAM_MALFORMED;
    };
  }

  /**
   * Returns the HTTP status that the client gets, and that is counted: the provider's own where the
   * client caused it, else that of the gateway's code.
   */
  public static int status(Failure failure) {
    boolean own = failure.status() >= 400 && failure.status() < 500;
    return switch (failure.kind()) {
      case BAD_REQUEST, FORBIDDEN, CONTENT_POLICY ->
          own ? failure.status() : code(failure).status();
      default -> code(failure).status();
    };
  }

  /** Returns how a call ends that this failure ends. */
  public static Ending ending(Failure failure) {
    return switch (failure.kind()) {
      case FIRST_BYTE_TIMEOUT, FIRST_TOKEN_TIMEOUT, IDLE_TIMEOUT, TOTAL_TIMEOUT -> Ending.TIMED_OUT;
      default -> Ending.UPSTREAM_FAILED;
    };
  }

  /**
   * Returns the words for the client: the provider's own where the client caused it.
   *
   * @param provider its configured name, "" when it is not known
   */
  public static String message(String provider, Failure failure) {
    String said = failure.message().isEmpty() ? "" : ": " + failure.message();
    String who = "provider" + (provider.isEmpty() ? "" : " \"" + provider + "\"");
    return switch (failure.kind()) {
      case BAD_REQUEST, FORBIDDEN, CONTENT_POLICY, CONTEXT_LENGTH ->
          failure.message().isEmpty() ? "The " + who + " refused the request." : failure.message();
      case CREDENTIALS ->
          "The gateway's own credential for the " + who + " was refused; tell whoever runs it.";
      // Where to is in the log alone, as every address is.
      case REDIRECTED ->
          "The "
              + who
              + " answered "
              + failure.status()
              + ", a redirect, which is not followed: its base_url is to be set to where it is;"
              + " tell whoever runs the gateway.";
      case QUOTA ->
          "The gateway's own account at the "
              + who
              + " has no money or quota left; tell whoever runs it"
              + said;
      case RATE_LIMITED -> "The rate limit of the " + who + " is reached" + said;
      case OVERLOADED -> "The " + who + " is overloaded" + said;
      case SERVER_ERROR -> "The " + who + " failed" + said;
      case CONNECT -> "The " + who + " cannot be reached" + said;
      case RESET -> "The " + who + " closed the connection without an answer" + said;
      case CUT -> "The " + who + " broke off its answer" + said;
      case FIRST_BYTE_TIMEOUT, FIRST_TOKEN_TIMEOUT, IDLE_TIMEOUT, TOTAL_TIMEOUT ->
          "The " + who + " did not answer in time" + said;
      case MALFORMED -> "The answer of the " + who + " is malformed" + said;
      case TOO_LARGE -> "The answer of the " + who + " cannot be taken" + said;
      case NO_SOCKET -> "The gateway has no connection to spare" + said;
      case NO_BUFFER -> "The gateway has no memory to spare" + said;
      case UNTRANSLATABLE -> "The answer of the " + who + " cannot be told" + said;
    };
  }

  /**
   * Answers the client.
   *
   * @param taken whether the provider may have worked on what failed
   */
  public static void reply(
      Call call, String provider, Failure failure, boolean taken, HttpHeaders headers) {
    ErrorCode code = code(failure);
    switch (failure.kind()) {
      case BAD_REQUEST, FORBIDDEN, CONTENT_POLICY -> {
        String name = failure.code();
        ErrorReplies.reply(
            call.responder(),
            call.dialect(),
            call.idText(),
            status(failure),
            name == null ? code.code() : name,
            message(provider, failure),
            failure.param(),
            headers);
      }
      case QUOTA -> spent(call, code, message(provider, failure), headers);
      default -> {
        long wait = failure.retryAfterMillis();
        String message = message(provider, failure);
        boolean unread = failure.kind() == FailureKind.NO_BUFFER && taken;
        if (unread) {
          message += "; the provider may bill what it answered, and would bill it again";
        } else if (wait < 0 && (code.status() == 503 || code.status() == 429)) {
          wait = 1000;
        }
        if (unread
            || failure.kind() == FailureKind.REDIRECTED
            || failure.kind() == FailureKind.TOO_LARGE
            || failure.kind() == FailureKind.UNTRANSLATABLE) {
          // An SDK would pay for it again, or ask in vain.
          headers.set(ResponseHeaders.SHOULD_RETRY, "false");
        }
        ErrorReplies.reply(
            call.responder(),
            call.dialect(),
            call.idText(),
            new GatewayException(code, message, failure.param(), wait),
            headers);
      }
    }
  }

  /** No wait mends it, whatever a provider says: an SDK would sleep as long and ask in vain. */
  private static void spent(Call call, ErrorCode code, String message, HttpHeaders headers) {
    headers.set(ResponseHeaders.SHOULD_RETRY, "false");
    boolean openAi = call.dialect() == Dialect.OPENAI && code == ErrorCode.RATE_LIMITED;
    String name = openAi ? INSUFFICIENT_QUOTA : code.code();
    ErrorReplies.reply(
        call.responder(),
        call.dialect(),
        call.idText(),
        code.status(),
        name,
        message,
        null,
        headers);
  }

  /** Returns a failure as the gateway's own, without advice when to try again. */
  public static GatewayException exception(String provider, Failure failure) {
    return new GatewayException(
        code(failure),
        message(provider, failure),
        failure.param(),
        GatewayException.NO_RETRY_AFTER);
  }

  /**
   * Returns an error as all that comes of an answer whose headers went out before any content.
   *
   * @param status what the answer's would have been
   */
  public static ByteBuf event(Call call, int status, GatewayException why) {
    String json =
        ErrorBodies.json(
            call.dialect(), status, why.code().code(), why.message(), why.param(), call.idText());
    if (call.surface().arraySplit()) {
      return ErrorReplies.utf8("[" + json + "]");
    }
    if (call.surface().endpoint() == Endpoint.RESPONSES) {
      return ErrorReplies.utf8("event: error\ndata: " + typed(why, json) + "\n\n");
    }
    String name = call.dialect() == Dialect.ANTHROPIC ? "event: error\n" : "";
    return ErrorReplies.utf8(name + "data: " + json + "\n\n" + end(call.surface().endpoint()));
  }

  /** As a stream ends whose provider fails: some clients wait for it. */
  private static String end(Endpoint endpoint) {
    return switch (endpoint) {
      case CHAT, COMPLETIONS -> "data: [DONE]\n\n";
      default -> "";
    };
  }

  /**
   * Returns the error event of Responses, which has a type as all of its events, and beside it what
   * other surfaces have: OpenAI's SDKs raise that as an error.
   */
  private static String typed(GatewayException why, String json) {
    String param = why.param();
    return "{\"type\":\"error\",\"code\":"
        + Json.quote(why.code().code())
        + ",\"message\":"
        + Json.quote(why.message())
        + ",\"param\":"
        + (param == null ? "null" : Json.quote(param))
        + ","
        + json.substring(1);
  }
}

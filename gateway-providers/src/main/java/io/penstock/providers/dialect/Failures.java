package io.penstock.providers.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.buffer.ByteBuf;
import io.penstock.core.FailureKind;
import io.penstock.providers.Failure;
import io.penstock.providers.HeaderLookup;
import io.penstock.providers.ProviderException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Reads a provider's error. One table of words serves all dialects, because these do not collide.
 */
final class Failures {
  private static final Pattern SECRET =
      Pattern.compile("\\b(sk|pk|gsk|xai|pplx|key|AIza|AKIA|ASIA)[-_]?[A-Za-z0-9*_-]{8,}");

  private static final String MASK = "****";
  private static final int MAX_LOCATION = 300;

  /** Query, fragment, and all behind what no log line takes. */
  private static final Pattern UNSHOWN = Pattern.compile("[?#\\p{Cntrl}].*", Pattern.DOTALL);

  private static final Pattern USER = Pattern.compile("//[^/]*@");

  private static final List<String> CODES = List.of("code", "type", "status", "__type");

  private static final Pattern STATUS = Pattern.compile("[1-5][0-9][0-9]");

  private static final String CREDENTIALS_MESSAGE =
      "The provider refused the gateway's credential.";

  private Failures() {}

  /** Classifies an answer whose status is not a success. */
  static Failure of(int status, HeaderLookup headers, ByteBuf body) {
    String location = headers.get("location");
    if (location != null && status >= 300 && status < 400) {
      return new Failure(FailureKind.REDIRECTED, status, shown(location), null, null, -1);
    }
    JsonNode tree = inner(JsonTrees.read(body));
    String text =
        tree.isMissingNode()
            ? body.toString(
                body.readerIndex(), Math.min(200, body.readableBytes()), StandardCharsets.UTF_8)
            : "";
    String amazonType = headers.get("x-amzn-errortype");
    long wait = RetryAfter.millis(headers, tree);
    return of(status, tree, amazonType == null ? "" : amazonType, text, wait);
  }

  /** Returns an address without what may be secret in it: user, query and fragment. */
  private static String shown(String location) {
    String address = UNSHOWN.matcher(location).replaceFirst("");
    String all = USER.matcher(address).replaceFirst("//");
    String clipped = all.substring(0, Math.min(all.length(), MAX_LOCATION));
    return clipped.isEmpty() ? "(unreadable)" : SECRET.matcher(clipped).replaceAll(MASK);
  }

  /** Classifies an error object that came inside a success or a stream. */
  static Failure inside(JsonNode error) {
    JsonNode code =
        error.path("error").isObject() ? error.path("error").path("code") : error.path("code");
    return of(
        code.canConvertToInt() ? code.asInt() : 0,
        error,
        "",
        "",
        RetryAfter.millis(HeaderLookup.NONE, error));
  }

  /** Classifies an exception of an event stream, whose type is told apart from its body. */
  static Failure named(String type, JsonNode body) {
    return of(0, body, type, "", RetryAfter.UNKNOWN);
  }

  /** Says that an answer is not the protocol. */
  static ProviderException malformed(String why) {
    return new ProviderException(Failure.of(FailureKind.MALFORMED, why));
  }

  /** Google puts the error of what would have been a JSON array into one. */
  private static JsonNode inner(JsonNode tree) {
    return tree.isArray() && tree.path(0).isObject() ? tree.path(0) : tree;
  }

  private static Failure of(int status, JsonNode tree, String type, String text, long wait) {
    JsonNode error = tree.path("error").isObject() ? tree.path("error") : tree;
    String message = message(tree, error);
    String code = code(error);
    FailureKind kind =
        new FailureWords(error, message.isEmpty() ? text : message, type).kind(status);
    String shown = SECRET.matcher(message).replaceAll(MASK);
    if (shown.isEmpty() && kind == FailureKind.CREDENTIALS) {
      shown = CREDENTIALS_MESSAGE;
    }
    String param = text(error, "param");
    return new Failure(
        kind, status, shown, code.isEmpty() ? null : code, param.isEmpty() ? null : param, wait);
  }

  /** Google, OpenRouter and vLLM repeat the status as the code: what says more goes before it. */
  private static String code(JsonNode error) {
    for (String name : CODES) {
      String said = text(error, name);
      if (!said.isEmpty() && !STATUS.matcher(said).matches()) {
        return said;
      }
    }
    return "";
  }

  private static String message(JsonNode tree, JsonNode error) {
    if (tree.path("error").isTextual()) {
      return tree.path("error").asText();
    }
    String message = firstText(error, "message", "Message", "msg", "detail");
    JsonNode detail = error.path("detail");
    return message.isEmpty() && detail.isArray() ? detail.path(0).path("msg").asText() : message;
  }

  private static String firstText(JsonNode node, String... names) {
    for (String name : names) {
      String text = text(node, name);
      if (!text.isEmpty()) {
        return text;
      }
    }
    return "";
  }

  private static String text(JsonNode node, String name) {
    JsonNode value = node.path(name);
    return value.isValueNode() && !value.isNull() ? value.asText() : "";
  }
}

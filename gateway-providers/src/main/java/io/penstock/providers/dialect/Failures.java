package io.penstock.providers.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.buffer.ByteBuf;
import io.penstock.core.FailureKind;
import io.penstock.providers.Failure;
import io.penstock.providers.HeaderLookup;
import io.penstock.providers.ProviderException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Says what a provider's error means. One table serves all dialects, because their words do not
 * collide.
 */
final class Failures {
  /** How providers say that the prompt is too long; none has a code that all share. */
  private static final Pattern CONTEXT_LENGTH =
      Pattern.compile(
          "context_length|context length|context window|context size|prompt is too long"
              + "|prompt too long|input is too long|too many input tokens|too many tokens"
              + "|maximum prompt length|reduce the length of the (messages|prompt|input)"
              + "|exceeds the maximum number of tokens|input length and `max_tokens`"
              + "|max_tokens_exceeded|string_too_long.*prompt");

  private static final Pattern CONTENT_POLICY =
      Pattern.compile(
          "content_filter|content filter|content_policy|content policy|content management policy"
              + "|responsibleaipolicyviolation|moderation_blocked|flagged by moderation"
              + "|usage polic|safety system|content exists risk|data_inspection_failed"
              + "|prohibited_content|guardrail_intervened|requires moderation");

  private static final Pattern QUOTA =
      Pattern.compile(
          "insufficient_quota|insufficient balance|insufficient_balance|insufficient credits"
              + "|billing_hard_limit|billing_not_active|billing_error|credit balance is too low"
              + "|exceeded your current quota, please check your plan and billing details\\. for"
              + " more information on this error"
              + "|perday|used all available credits|spending limit|payment required");

  private static final Pattern CREDENTIALS =
      Pattern.compile(
          "api_key_invalid|api key not valid|invalid_api_key|incorrect api key|expiredtoken"
              + "|unrecognizedclient|invalidsignature|signaturedoesnotmatch|api key expired"
              + "|authentication_error");

  private static final Pattern OVERLOADED =
      Pattern.compile("overloaded|model is currently loading|capacity exceeded|no_capacity");

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
    return of(status, tree, amazonType == null ? text : amazonType + " " + text, wait);
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
        RetryAfter.millis(HeaderLookup.NONE, error));
  }

  /** Classifies an exception of an event stream, whose type is told apart from its body. */
  static Failure named(String type, JsonNode body) {
    return of(0, body, type, RetryAfter.UNKNOWN);
  }

  /** Says that an answer is not the protocol. */
  static ProviderException malformed(String why) {
    return new ProviderException(Failure.of(FailureKind.MALFORMED, why));
  }

  /** Google puts the error of what would have been a JSON array into one. */
  private static JsonNode inner(JsonNode tree) {
    return tree.isArray() && tree.path(0).isObject() ? tree.path(0) : tree;
  }

  private static Failure of(int status, JsonNode tree, String fallback, long wait) {
    JsonNode error = tree.path("error").isObject() ? tree.path("error") : tree;
    String message = message(tree, error);
    String code = code(error);
    String words =
        (message
                + " "
                + text(error, "code")
                + " "
                + text(error, "type")
                + " "
                + text(error, "status")
                + " "
                + error.path("details")
                + error.path("innererror")
                + error.path("metadata")
                + " "
                + fallback)
            .toLowerCase(Locale.ROOT);
    FailureKind kind = kind(status, words);
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

  private static FailureKind kind(int status, String words) {
    FailureKind said = said(words);
    return switch (status) {
      case 401 -> FailureKind.CREDENTIALS;
      case 402 -> FailureKind.QUOTA;
      case 403 ->
          said == FailureKind.CONTENT_POLICY || said == FailureKind.QUOTA
              ? said
              : FailureKind.CREDENTIALS;
      case 429 ->
          said == FailureKind.QUOTA || said == FailureKind.OVERLOADED
              ? said
              : FailureKind.RATE_LIMITED;
      case 408 -> FailureKind.SERVER_ERROR;
      // Groq answers 413 when one request is over the tokens a minute allows.
      case 413 ->
          words.contains("rate_limit")
              ? FailureKind.RATE_LIMITED
              : said == null ? FailureKind.BAD_REQUEST : said;
      case 424 -> FailureKind.SERVER_ERROR;
      case 503, 529 -> FailureKind.OVERLOADED;
      case 504 -> FailureKind.SERVER_ERROR;
      default -> {
        if (status >= 500) {
          yield FailureKind.SERVER_ERROR;
        }
        if (status >= 400) {
          yield said == null ? FailureKind.BAD_REQUEST : said;
        }
        if (status >= 300) {
          yield FailureKind.MALFORMED;
        }
        yield said == null ? byWords(words) : said;
      }
    };
  }

  private static @Nullable FailureKind said(String words) {
    if (CREDENTIALS.matcher(words).find()) {
      return FailureKind.CREDENTIALS;
    }
    if (QUOTA.matcher(words).find()) {
      return FailureKind.QUOTA;
    }
    if (CONTEXT_LENGTH.matcher(words).find()) {
      return FailureKind.CONTEXT_LENGTH;
    }
    if (CONTENT_POLICY.matcher(words).find()) {
      return FailureKind.CONTENT_POLICY;
    }
    return OVERLOADED.matcher(words).find() ? FailureKind.OVERLOADED : null;
  }

  /** An error inside a stream has no status: its type says what it would have been. */
  private static FailureKind byWords(String words) {
    if (words.contains("rate_limit")
        || words.contains("throttling")
        || words.contains("resource_exhausted")
        || words.contains("too many requests")) {
      return FailureKind.RATE_LIMITED;
    }
    if (words.contains("unavailable")) {
      return FailureKind.OVERLOADED;
    }
    if (words.contains("invalid_request")
        || words.contains("invalid_argument")
        || words.contains("validationexception")
        || words.contains("not_found")) {
      return FailureKind.BAD_REQUEST;
    }
    if (words.contains("permission")) {
      return FailureKind.CREDENTIALS;
    }
    return FailureKind.SERVER_ERROR;
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

package io.penstock.providers.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.FailureKind;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a provider's error says of itself. Its codes are the provider's own; its message may quote
 * the client, who would take a key or a target away from everybody by a word there. So what is said
 * of the gateway's key, its account or the provider's load is taken from the codes, and from the
 * message only where the provider has no code for the case: as a sentence at its start, known
 * whole.
 */
final class FailureWords {
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

  private static final Pattern QUOTA_CODE =
      Pattern.compile(
          "insufficient_quota|insufficient_balance|insufficient_credits|billing_hard_limit"
              + "|billing_not_active|billing_error|exceeded_current_quota|spending[_-]limit");

  private static final Pattern CREDENTIALS_CODE =
      Pattern.compile(
          "api_key_invalid|invalid_api_key|incorrect_api_key|api_key_expired|expiredtoken"
              + "|unrecognizedclient|invalidsignature|signaturedoesnotmatch|authentication_error");

  private static final Pattern OVERLOADED_CODE =
      Pattern.compile("overloaded|capacity_exceeded|no_capacity");

  /** The rest of a sentence: what quotes somebody has a quote or a colon before or behind it. */
  private static final String REST = "[^:'\"`]*";

  /** Google's and xAI's, to the end: there a validator may go on behind a client's field. */
  private static final Pattern CREDENTIALS_SENTENCE =
      Pattern.compile(
          "api key (not valid|not found|expired)\\b"
              + REST
              + "|incorrect api key provided(: \\S+)?(\\."
              + REST
              + "(https://[^\\s:'\"`]*)?)?");

  /** Anthropic's, which has the type of any bad request. */
  private static final Pattern CREDIT_SENTENCE =
      Pattern.compile("your credit balance is too low\\b" + REST);

  private static final Pattern BALANCE_SENTENCE =
      Pattern.compile("(insufficient (balance|credits)|payment required)\\b" + REST);

  /** How a 403 or 429 begins that says so: OpenAI's and Google's, xAI's. */
  private static final Pattern SPENT =
      Pattern.compile(
          "you exceeded your current quota, please check your plan and billing details\\."
              + " for more information on this error"
              + "|(permission-denied: )?your (newly created )?team \\S+ has (either )?"
              + "(used all available credits|reached its monthly spending limit)");

  /** How a 429 begins that is no limit of the caller. */
  private static final Pattern BUSY =
      Pattern.compile(
          "((the|that|this) )?((model|engine|server|service) )?(is )?(currently )?overloaded"
              + "|((flex|service) tier )?capacity exceeded|model (\\S+ )?is currently loading");

  /** A 403 that is of what the client named, and not of the key: another's file, or an old one. */
  private static final Pattern FILE =
      Pattern.compile(
          "you do not have permission to access the file\\b"
              + "|cachedcontent not found|\\S+ does not have storage\\.objects\\.get access");

  /** Codes that say no more than the status does. */
  private static final Pattern GENERAL =
      Pattern.compile(
          "|[0-9]+|.*\\s.*|error|null|none|unknown_error|(invalid[_-]request(_error)?)"
              + "|invalid[_-]argument|permission[_-]denied|permission_error");

  private static final List<String> CODES = List.of("code", "type", "status", "__type");
  private static final int GROQ_NO_CAPACITY = 498;

  private final String codes;
  private final String message;

  /** Codes, message, and all that is told beside them. */
  private final String all;

  private final boolean isCoded;
  private final boolean isRequestError;
  private final JsonNode details;

  /**
   * Creates the words.
   *
   * @param error a missing node when the answer is not JSON
   * @param message the provider's, or its answer's beginning when that is not JSON
   * @param type what is told apart from the body, "" for nothing
   */
  FailureWords(JsonNode error, String message, String type) {
    StringBuilder own = new StringBuilder(type).append(' ').append(text(error, "error_type"));
    boolean coded = error.isMissingNode() || !type.isEmpty() || !text(error, "param").isEmpty();
    boolean request = false;
    for (String name : CODES) {
      String code = lower(text(error, name));
      own.append(' ').append(code);
      coded |= !GENERAL.matcher(code).matches();
      request |= code.startsWith("invalid_request");
    }
    own.append(' ').append(text(error.path("innererror"), "code"));
    this.details = error.path("details");
    for (JsonNode detail : details) {
      String reason = text(detail, "reason");
      own.append(' ').append(reason);
      coded |= !reason.isEmpty();
    }
    this.codes = lower(own.toString());
    this.message = lower(message.strip());
    this.all =
        this.message
            + " "
            + codes
            + " "
            + lower(details.toString() + error.path("innererror") + error.path("metadata"));
    this.isCoded = coded;
    this.isRequestError = request;
  }

  /**
   * Returns what the error means.
   *
   * @param status the HTTP status, or 0 when there was none
   */
  FailureKind kind(int status) {
    return switch (status) {
      case 401 -> FailureKind.CREDENTIALS;
      case 402 -> FailureKind.QUOTA;
      case 403 -> forbidden();
      case 429 -> tooMany();
      case 408, 424, 504 -> FailureKind.SERVER_ERROR;
      // Groq answers 413 when one request is over the tokens a minute allows.
      case 413 -> codes.contains("rate_limit") ? FailureKind.RATE_LIMITED : refused(status);
      case 503, 529 -> FailureKind.OVERLOADED;
      default -> {
        if (status >= 500) {
          yield FailureKind.SERVER_ERROR;
        }
        if (status >= 400) {
          yield refused(status);
        }
        yield status >= 300 ? FailureKind.MALFORMED : unnumbered();
      }
    };
  }

  private FailureKind forbidden() {
    if (CREDENTIALS_CODE.matcher(codes).find()) {
      return FailureKind.CREDENTIALS;
    }
    if (QUOTA_CODE.matcher(codes).find() || isSpent()) {
      return FailureKind.QUOTA;
    }
    if (CONTENT_POLICY.matcher(all).find()) {
      return FailureKind.CONTENT_POLICY;
    }
    return FILE.matcher(message).lookingAt() ? FailureKind.FORBIDDEN : FailureKind.CREDENTIALS;
  }

  private FailureKind tooMany() {
    if (QUOTA_CODE.matcher(codes).find()) {
      return FailureKind.QUOTA;
    }
    if (OVERLOADED_CODE.matcher(codes).find() || BUSY.matcher(message).lookingAt()) {
      return FailureKind.OVERLOADED;
    }
    String quotas = quotas();
    boolean spent = quotas.isBlank() ? isSpent() : quotas.contains("perday");
    return spent ? FailureKind.QUOTA : FailureKind.RATE_LIMITED;
  }

  /** Google's ids of the quotas that are used up: its message is the same for each. */
  private String quotas() {
    StringBuilder ids = new StringBuilder();
    for (JsonNode detail : details) {
      for (JsonNode violation : detail.path("violations")) {
        ids.append(text(violation, "quotaId")).append(' ');
      }
    }
    return lower(ids.toString());
  }

  private boolean isSpent() {
    return SPENT.matcher(message).lookingAt()
        || BALANCE_SENTENCE.matcher(message).lookingAt()
        || CREDIT_SENTENCE.matcher(message).lookingAt();
  }

  private FailureKind refused(int status) {
    FailureKind said = said(status == 400);
    if (said == null && status == GROQ_NO_CAPACITY && BUSY.matcher(message).lookingAt()) {
      return FailureKind.OVERLOADED;
    }
    return said == null ? FailureKind.BAD_REQUEST : said;
  }

  private @Nullable FailureKind said(boolean bySentence) {
    FailureKind ours = ofTheGateway(bySentence && !isCoded);
    if (ours != null) {
      return ours;
    }
    if (CONTEXT_LENGTH.matcher(all).find()) {
      return FailureKind.CONTEXT_LENGTH;
    }
    if (CONTENT_POLICY.matcher(all).find()) {
      return FailureKind.CONTENT_POLICY;
    }
    return OVERLOADED_CODE.matcher(codes).find() ? FailureKind.OVERLOADED : null;
  }

  private @Nullable FailureKind ofTheGateway(boolean bySentence) {
    if (CREDENTIALS_CODE.matcher(codes).find()) {
      return FailureKind.CREDENTIALS;
    }
    if (QUOTA_CODE.matcher(codes).find()
        || (bySentence && CREDIT_SENTENCE.matcher(message).matches())) {
      return FailureKind.QUOTA;
    }
    if (bySentence && CREDENTIALS_SENTENCE.matcher(message).matches()) {
      return FailureKind.CREDENTIALS;
    }
    if (!bySentence || isRequestError) {
      return null;
    }
    return BALANCE_SENTENCE.matcher(message).matches() ? FailureKind.QUOTA : null;
  }

  /** An error inside a stream has no status: its type says what it would have been. */
  private FailureKind unnumbered() {
    FailureKind said = said(true);
    if (said != null) {
      return said;
    }
    boolean bad = isBadRequest(codes);
    String words = bad ? codes : all;
    if (words.contains("rate_limit")
        || words.contains("throttling")
        || words.contains("resource_exhausted")
        || words.contains("too many requests")) {
      return FailureKind.RATE_LIMITED;
    }
    if (!bad && (words.contains("overloaded") || words.contains("unavailable"))) {
      return FailureKind.OVERLOADED;
    }
    if (bad || isBadRequest(words)) {
      return FailureKind.BAD_REQUEST;
    }
    return codes.contains("permission") || message.startsWith("permission denied")
        ? FailureKind.CREDENTIALS
        : FailureKind.SERVER_ERROR;
  }

  private static boolean isBadRequest(String words) {
    return words.contains("invalid_request")
        || words.contains("invalid_argument")
        || words.contains("validationexception")
        || words.contains("not_found");
  }

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  private static String text(JsonNode node, String name) {
    JsonNode value = node.path(name);
    return value.isValueNode() && !value.isNull() ? value.asText() : "";
  }
}

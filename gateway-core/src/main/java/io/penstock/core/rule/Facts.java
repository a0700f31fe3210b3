package io.penstock.core.rule;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What conditions may ask about a request: one method per CEL variable of the contract. Text that
 * is absent is "", never null. Values that are dear to find (text, task, complexity) are found when
 * first asked for. Confined to the exchange's loop.
 */
public interface Facts {
  /** The name the client asked for. */
  String model();

  /** The {@code provider/model} tried; "" before a target is chosen. */
  String target();

  /** The configured provider's name: the target's first part. */
  String provider();

  /** The provider's region. */
  String region();

  /** Worst case of this target, nano-USD. CEL sees USD. */
  long costNanos();

  /** The endpoint's label. */
  String endpoint();

  boolean stream();

  /** Estimated input tokens. */
  long tokens();

  /** Output tokens asked for, or 0 when no cap was sent. */
  long maxTokens();

  /** Number of tools offered. */
  int tools();

  /** Number of images in the input. */
  int images();

  /** Number of messages other than the system prompt. */
  int turns();

  /** Text of the last user message. */
  String text();

  /** The system prompt. */
  String system();

  String team();

  String app();

  String user();

  String endUser();

  /** The key's id. */
  String key();

  String session();

  Map<String, String> metadata();

  /** Request headers by lower-case name, without credentials. */
  Map<String, String> headers();

  /** Hour of the day, 0 to 23, in the configured time zone. */
  int hour();

  /** Day of the week, 1 = Monday, in the configured time zone. */
  int weekday();

  /** Share used, 0..1, of that budget for this request's subject; 0 when there is none. */
  double budget(String name);

  /** Coarse class of the prompt: summarise, classify, extract, translate, code, chat, reason. */
  String task();

  /** Need for a strong model, 0..1. */
  double complexity();

  /** The answer, in {@code accept} and {@code store_if}; null elsewhere. */
  @Nullable ResponseFacts response();

  /**
   * The answer as conditions see it.
   *
   * @param text the answer's text
   * @param finish the finish reason in OpenAI's words: stop, length, tool_calls, content_filter,
   *     refusal
   * @param json whether the text parses as JSON
   * @param logprob mean log-probability of the answer's tokens; 0 when not reported
   * @param tokens output tokens
   */
  record ResponseFacts(String text, String finish, boolean json, double logprob, long tokens) {
    /** Returns the same for an answer that is JSON but not of the form that was asked for. */
    public ResponseFacts notJson() {
      return new ResponseFacts(text, finish, false, logprob, tokens);
    }
  }
}

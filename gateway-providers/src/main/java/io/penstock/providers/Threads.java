package io.penstock.providers;

import io.penstock.core.ErrorCode;
import org.jspecify.annotations.Nullable;

/**
 * Anthropic's message threads: the provider keeps the conversation, and later turns do not bring
 * it. Stateless.
 */
public final class Threads {
  /** The field of a request that begins or goes on with one. */
  public static final String FIELD = "thread";

  /** What a developer is told whose SDK asks for one by itself; a sentence. */
  public static final String ADVICE =
      "Send the whole history without it: the SDK's tool_runner() does so with thread=False";

  private Threads() {}

  /**
   * Returns what an error of Anthropic's dialect says besides, as fields behind others: with these
   * words its SDKs, where they may, go on without a thread. "" for other errors.
   */
  static String details(String code, @Nullable String param) {
    return FIELD.equals(param) && code.equals(ErrorCode.UNSUPPORTED_PARAMETER.code())
        ? ",\"details\":{\"error_code\":\"thread_unsupported_request\",\"unsupported\":[\"thread\"]}"
        : "";
  }
}

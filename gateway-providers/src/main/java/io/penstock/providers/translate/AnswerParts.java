package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/**
 * An answer, piece by piece, in no dialect: what a provider's reader tells and a client's writer
 * hears. A unary answer is told in the same pieces. Text, thoughts and tool calls come in the order
 * of the answer; the arguments of one call may come in fragments. Choices other than the first
 * occur only where the client asked for several.
 */
interface AnswerParts {
  /** Why the model stopped. */
  enum Finish {
    STOP("stop"),
    STOP_SEQUENCE("stop"),
    LENGTH("length"),
    TOOL_CALLS("tool_calls"),
    CONTENT_FILTER("content_filter"),
    REFUSAL("refusal");

    private final String word;

    Finish(String word) {
      this.word = word;
    }

    /** Returns OpenAI's word. */
    String word() {
      return word;
    }
  }

  /**
   * A source that the text before it rests on.
   *
   * @param url where, or "" for a document of the request
   * @param quote the source's words, or the passage's where the provider shows no others, or ""
   * @param start first code point, in the answer's text, of the passage that rests on the source;
   *     -1 when unknown
   * @param end code point behind the passage
   */
  record Citation(String url, String title, String quote, int start, int end) {
    /** Half a place, or one that ends before it starts, is none. */
    public Citation {
      if (start < 0 || end < start) {
        start = -1;
        end = -1;
      }
    }
  }

  /** The first piece: the provider's id of the answer ("" for none) and the model that answers. */
  void start(String id, String model);

  /** A piece of text; {@code logprobs} as OpenAI's array of token objects, or null. */
  void text(int choice, String text, @Nullable JsonNode logprobs);

  /** A piece of readable thought. */
  void thinking(int choice, String text);

  /** The tagged signature of the thought before it; ends that thought. */
  void signature(int choice, String signature);

  /** A tagged thought that cannot be read. */
  void redacted(int choice, String data);

  /** A piece of the model's own words of refusal. */
  void refusal(int choice, String text);

  /**
   * A call begins.
   *
   * @param tool counts the calls of the choice from 0
   * @param signature tagged, or null
   */
  void toolCall(int choice, int tool, String id, String name, @Nullable String signature);

  /** A fragment of the arguments' JSON. */
  void toolArguments(int choice, int tool, String fragment);

  /** A citation of the text just told. */
  void citation(int choice, Citation citation);

  /**
   * An image or sound: base64.
   *
   * @param signature tagged, or null
   */
  void media(int choice, String mime, String data, @Nullable String signature);

  /** The tokens of all that was told so far were reported. */
  default void reported() {}

  /** The choice is complete. */
  void finish(int choice, Finish finish, @Nullable String stopSequence);
}

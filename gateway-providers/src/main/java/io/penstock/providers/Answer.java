package io.penstock.providers;

import io.netty.buffer.ByteBuf;

/**
 * A whole answer in the client's dialect.
 *
 * @param body owned by whoever takes the answer
 * @param contentType for the client
 * @param summary usage and what else the gateway needs to know
 * @param text the model's words, thoughts and tool arguments where the usage was not reported, so
 *     that tokens can be counted; else ""
 */
public record Answer(ByteBuf body, String contentType, AnswerSummary summary, CharSequence text) {
  /** Creates an answer without text that would have to be counted. */
  public Answer(ByteBuf body, String contentType, AnswerSummary summary) {
    this(body, contentType, summary, "");
  }
}

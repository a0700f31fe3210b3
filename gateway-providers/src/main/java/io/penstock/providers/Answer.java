package io.penstock.providers;

import io.netty.buffer.ByteBuf;

/**
 * A whole answer in the client's dialect.
 *
 * @param body owned by whoever takes the answer
 * @param contentType for the client
 * @param summary usage and what else the gateway needs to know
 */
public record Answer(ByteBuf body, String contentType, AnswerSummary summary) {}

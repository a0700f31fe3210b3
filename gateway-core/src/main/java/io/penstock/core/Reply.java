package io.penstock.core;

import io.netty.buffer.ByteBuf;

/**
 * A complete answer made by the gateway itself: a cache hit, a listing or an error.
 *
 * @param status the HTTP status
 * @param contentType the value of the content-type header
 * @param body the body; whoever takes the reply from the pipeline must release it
 */
public record Reply(int status, String contentType, ByteBuf body) {}

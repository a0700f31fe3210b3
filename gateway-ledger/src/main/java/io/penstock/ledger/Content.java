package io.penstock.ledger;

/**
 * The prompt and the answer, kept only where {@code ledger.content} is {@code full}. The arrays are
 * owned by the row and never changed.
 *
 * @param request the body as the client sent it
 * @param response the body as the client got it; may end early
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody; a copy per row would cost a body
public record Content(byte[] request, byte[] response) {}

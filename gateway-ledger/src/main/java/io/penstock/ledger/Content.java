package io.penstock.ledger;

import java.util.UUID;

/**
 * What a client asked and what it was answered, kept only where {@code ledger.content} asks for it.
 * Both texts are JSON, redacted before the ledger sees them, and may end early. The arrays are
 * never changed.
 *
 * @param id the request's
 * @param request what was asked
 * @param response what was answered; of a stream, the unary answer that says the same
 * @param requestBytes how long the request was as the client sent it
 * @param responseBytes how long the answer was as the client got it
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody; a copy would cost a body
public record Content(
    UUID id, byte[] request, byte[] response, long requestBytes, long responseBytes) {}

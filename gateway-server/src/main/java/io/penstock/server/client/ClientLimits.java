package io.penstock.server.client;

/**
 * Bounds of a client connection.
 *
 * @param headBytes largest request line plus headers
 * @param headMillis from a request's first byte to the end of its head
 * @param bodyMillis longest silence within a body
 * @param keepAliveMillis longest silence between requests
 */
public record ClientLimits(int headBytes, long headMillis, long bodyMillis, long keepAliveMillis) {}

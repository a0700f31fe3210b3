package io.penstock.server.upstream;

/**
 * How long a provider may take, in milliseconds.
 *
 * @param connect TCP, proxy and TLS handshake together
 * @param firstByte from the request sent to the head of the answer
 * @param idle between two chunks of the answer
 * @param total from the start of the attempt to the end of its answer
 */
public record Timeouts(long connect, long firstByte, long idle, long total) {}

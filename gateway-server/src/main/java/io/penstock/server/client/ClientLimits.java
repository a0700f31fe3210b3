package io.penstock.server.client;

/**
 * Bounds of a port and of each client connection.
 *
 * @param connections open at once; of an eighth more each request is refused, all others are closed
 * @param headBytes largest request line plus headers
 * @param headMillis from the beginning of a connection to the end of its first head, and from the
 *     first byte of any other to its end
 * @param bodyMillis from the head to the end of the body, and a second more for each 16 KiB of it
 * @param keepAliveMillis longest silence between requests
 * @param stalledMillis how long a client may take nothing of its answer, complete or not
 * @param unreadBytes of answers that clients have not taken, all connections together
 */
public record ClientLimits(
    int connections,
    int headBytes,
    long headMillis,
    long bodyMillis,
    long keepAliveMillis,
    long stalledMillis,
    long unreadBytes) {}

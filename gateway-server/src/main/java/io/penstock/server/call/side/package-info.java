/**
 * Calls that the gateway makes for itself on behalf of a client's: copies for another target,
 * checks of stored answers, vectors of questions. Held, recorded and settled like any, never
 * retried, never served.
 */
@NullMarked
package io.penstock.server.call.side;

import org.jspecify.annotations.NullMarked;

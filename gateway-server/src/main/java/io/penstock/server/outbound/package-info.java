/**
 * HTTP calls of the gateway's own, away from the event loops: none of them waits without an end.
 */
@NullMarked
package io.penstock.server.outbound;

import org.jspecify.annotations.NullMarked;

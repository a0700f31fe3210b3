/**
 * Calls with an {@code Idempotency-Key}: one answer for all that are sent with the same key and
 * body, also by way of other replicas. What a call waits for is heard on its loop.
 */
@NullMarked
package io.penstock.server.call.idempotency;

import org.jspecify.annotations.NullMarked;

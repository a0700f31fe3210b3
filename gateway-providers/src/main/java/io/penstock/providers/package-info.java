/**
 * Provider dialects: bytes to bytes. Nothing here does I/O or knows a socket; the server owns
 * connections, retries and time-outs.
 *
 * <p><b>Threads.</b> A {@link io.penstock.providers.Provider} is immutable and shared. What it
 * makes for one attempt ({@link io.penstock.providers.Attempt}, readers) belongs to the exchange's
 * event loop.
 */
@NullMarked
package io.penstock.providers;

import org.jspecify.annotations.NullMarked;

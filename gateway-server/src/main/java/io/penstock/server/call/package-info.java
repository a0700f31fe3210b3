/**
 * A {@link io.penstock.server.call.Call}: one request and all that is known about it, the
 * configuration that it is served by and the loop that it runs on. Confined to its event loop.
 *
 * <p>The packages below are the stations of a call, in this order; none knows one before it, and
 * all know this one. {@code admission} takes it in, the {@code filter} chain decides, {@code cache}
 * may answer, {@code passthrough} and {@code serve} go upstream; {@code side} makes calls of the
 * gateway's own, {@code idempotency} answers what is sent twice. Beneath are {@code accounting},
 * {@code attempt} and {@code reply}; {@code prompt} reads bodies and knows no call. {@code explain}
 * goes the same way without a call.
 */
@NullMarked
package io.penstock.server.call;

import org.jspecify.annotations.NullMarked;

/**
 * The request path and its vocabulary; no sockets, no Redis, no SQL.
 *
 * <p><b>Threads.</b> An {@link io.penstock.core.Exchange} belongs to one event loop for life.
 * Filters and end listeners are called only there, so exchange state needs no locks. A filter that
 * must wait returns {@link io.penstock.core.Step#await}; the pipeline comes back to the exchange's
 * loop by itself.
 */
@NullMarked
package io.penstock.core;

import org.jspecify.annotations.NullMarked;

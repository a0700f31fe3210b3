/**
 * The provider dialects on the wire, one {@link io.penstock.providers.Provider} each, found by
 * {@link io.penstock.providers.dialect.Providers}. A client that speaks the provider's own dialect
 * has its bytes spliced and forwarded; nothing is re-serialised.
 *
 * <p><b>Threads.</b> Providers are immutable and shared; attempts and readers belong to one event
 * loop. Nothing blocks, nothing does I/O.
 */
@NullMarked
package io.penstock.providers.dialect;

import org.jspecify.annotations.NullMarked;

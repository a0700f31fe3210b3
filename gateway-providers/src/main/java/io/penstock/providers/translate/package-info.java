/**
 * Calls from one dialect to another: a client's request is read into one typed conversation, which
 * is written for the provider; the provider's answer, whole or streamed, comes back as one series
 * of parts, which is written for the client. The usage of every provider is read here, once.
 *
 * <p><b>Threads.</b> Static methods are pure. What they make for one attempt belongs to the
 * exchange's event loop.
 */
@NullMarked
package io.penstock.providers.translate;

import org.jspecify.annotations.NullMarked;

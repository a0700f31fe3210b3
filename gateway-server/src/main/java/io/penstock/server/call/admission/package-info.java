/**
 * Takes requests in: by count and bytes, by path, by key, before any body is read. {@link
 * io.penstock.server.call.admission.Dispatcher} is shared by all loops.
 */
@NullMarked
package io.penstock.server.call.admission;

import org.jspecify.annotations.NullMarked;

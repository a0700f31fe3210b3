/**
 * The life of a call: the filters before it, its attempts, its end. A {@link
 * io.penstock.server.call.Call} is confined to its event loop.
 */
@NullMarked
package io.penstock.server.call;

import org.jspecify.annotations.NullMarked;

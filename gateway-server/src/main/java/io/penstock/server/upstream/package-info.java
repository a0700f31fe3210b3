/**
 * Connections to providers: one pool per event loop and origin, HTTP/1.1 with keep-alive.
 * Everything here is confined to its event loop unless it says otherwise.
 */
@NullMarked
package io.penstock.server.upstream;

import org.jspecify.annotations.NullMarked;

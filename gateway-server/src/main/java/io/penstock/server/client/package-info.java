/**
 * The client side: HTTP/1.1 and HTTP/2 over TLS or plain, from bytes to a whole request and from an
 * answer to bytes. A handler belongs to its channel's event loop.
 */
@NullMarked
package io.penstock.server.client;

import org.jspecify.annotations.NullMarked;

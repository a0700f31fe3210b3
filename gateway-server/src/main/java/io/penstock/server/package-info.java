/** Netty transport, wiring and main. */
@NullMarked
package io.penstock.server;

import org.jspecify.annotations.NullMarked;

/** Client connections without a network: what they do when, by a clock that stands still. */
@NullMarked
package io.penstock.server.client;

import org.jspecify.annotations.NullMarked;

/**
 * Prices and usage: pure, exact arithmetic. Money is {@code long} nano-USD; quantities are counts
 * of a meter's unit. Everything here is immutable or confined to the thread that builds it.
 */
@NullMarked
package io.penstock.core.price;

import org.jspecify.annotations.NullMarked;

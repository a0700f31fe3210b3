/**
 * What a key of the configuration may hold: amounts, sizes, shares, secrets, words. Immutable; each
 * says what is wrong with a text that it cannot be read from.
 */
@NullMarked
package io.penstock.server.config.value;

import org.jspecify.annotations.NullMarked;

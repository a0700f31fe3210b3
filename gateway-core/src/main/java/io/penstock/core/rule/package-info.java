/**
 * Conditions (CEL) over the facts of a request. Compiled conditions are immutable and thread-safe;
 * facts are confined to the exchange's loop.
 */
@NullMarked
package io.penstock.core.rule;

import org.jspecify.annotations.NullMarked;

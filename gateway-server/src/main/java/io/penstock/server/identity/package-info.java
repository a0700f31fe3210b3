/**
 * Tokens that stand in for a key. Verification is arithmetic on keys that are there and may run on
 * an event loop; keys are fetched on threads of their own.
 */
@NullMarked
package io.penstock.server.identity;

import org.jspecify.annotations.NullMarked;

/**
 * Request and response bytes: spans found in one pass, patches spliced in, events scanned as they
 * stream. Nothing here is thread-safe.
 */
@NullMarked
package io.penstock.core.body;

import org.jspecify.annotations.NullMarked;

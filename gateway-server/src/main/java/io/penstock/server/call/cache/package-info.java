/**
 * Answers that are there already, or will be: the filters of the exact cache, of embeddings, of
 * flights and of the semantic cache, and how a stored answer is served. Filters are thread-safe; a
 * call's part of them runs on its loop.
 */
@NullMarked
package io.penstock.server.call.cache;

import org.jspecify.annotations.NullMarked;

/**
 * The semantic cache: an answer is reused for another wording only when three gates agree.
 *
 * <ol>
 *   <li>compatibility, exactly equal: scope, system prompt, earlier turns, tools, format, model,
 *       language, sampling;
 *   <li>nearest neighbour by the embedding of the last user message;
 *   <li>a verifier: vetoes, then a learned model over features of the two texts.
 * </ol>
 *
 * <p>Unsure means miss. <b>Threads.</b> Public types are thread-safe. Embedding and verification
 * run on a small bounded pool, never on an event loop; a full queue is a miss.
 */
@NullMarked
package io.penstock.cache.semantic;

import org.jspecify.annotations.NullMarked;

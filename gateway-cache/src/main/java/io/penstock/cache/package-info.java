/**
 * Answers that were paid for once: the exact cache, its two tiers, and single flight.
 *
 * <p><b>Order of use, per request.</b> {@link io.penstock.cache.CacheKeys} makes the key or says
 * why the request bypasses the cache; {@link io.penstock.cache.ExactCache#local} looks in process;
 * {@link io.penstock.cache.SingleFlight} joins identical calls in flight; its leader asks {@link
 * io.penstock.cache.ExactCache#shared}, calls upstream, and offers the answer with {@link
 * io.penstock.cache.ExactCache#store} if {@link io.penstock.cache.AnswerFacts} allows it.
 *
 * <p><b>Threads.</b> Everything public is thread-safe and never blocks. Stages complete on threads
 * of the Redis client or of the background executor; callers hop back to their own loop.
 */
@NullMarked
package io.penstock.cache;

import org.jspecify.annotations.NullMarked;

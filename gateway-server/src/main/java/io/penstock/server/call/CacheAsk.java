package io.penstock.server.call;

import io.penstock.cache.CacheEntry;
import io.penstock.cache.ExactCache;

/**
 * With what a call's answer may be stored.
 *
 * @param ticket taken before anything went upstream, so that a delete in between wins
 */
public record CacheAsk(CacheEntry.Identity identity, ExactCache.Ticket ticket) {}

package io.penstock.server.call;

import io.penstock.cache.CacheEntry;
import io.penstock.cache.CacheMode;

/**
 * What a call looks for in the cache. Immutable.
 *
 * @param mode what the client allows
 * @param rule the rule of the exact layer that holds for it
 * @param identity of the answer that would fit exactly
 */
public record CacheLook(CacheMode mode, CacheRules.Rule rule, CacheEntry.Identity identity) {}

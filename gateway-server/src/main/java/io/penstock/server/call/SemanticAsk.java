package io.penstock.server.call;

import io.penstock.cache.semantic.Asked;
import io.penstock.cache.semantic.SemanticCache;
import org.jspecify.annotations.Nullable;

/**
 * What the semantic layer found for a call.
 *
 * @param asked with which the answer from upstream may be offered; null when the layer was busy
 * @param candidate the stored answer that was served, would have been, or was too unsure; or null
 * @param sure whether the candidate passed the gates
 */
public record SemanticAsk(
    SemanticRule rule,
    @Nullable Asked asked,
    SemanticCache.@Nullable Candidate candidate,
    boolean sure) {}

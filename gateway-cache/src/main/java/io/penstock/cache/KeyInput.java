package io.penstock.cache;

import io.penstock.core.Endpoint;

/**
 * What a key is made of besides the body.
 *
 * @param scope within whom the answer may be shared
 * @param endpoint the surface; a stream and a unary call have the same
 * @param model the name asked for, after {@code X-Penstock-Route}
 * @param routeFingerprint a digest of the route's definition, so that an edited route starts cold
 */
public record KeyInput(
    CacheScope scope, Endpoint endpoint, String model, String routeFingerprint) {}

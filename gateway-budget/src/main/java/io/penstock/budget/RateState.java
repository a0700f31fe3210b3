package io.penstock.budget;

/**
 * A rate as rate-limit headers show it.
 *
 * @param name the rate's name
 * @param subject whom it counts
 * @param tokens whether it counts tokens; else requests
 * @param limit per window
 * @param remaining what is left, as last known
 * @param resetAt when nothing that was taken counts any more and the limit is whole again, epoch
 *     milliseconds of the store's time; the present when nothing was taken
 */
public record RateState(
    String name, String subject, boolean tokens, long limit, long remaining, long resetAt) {}

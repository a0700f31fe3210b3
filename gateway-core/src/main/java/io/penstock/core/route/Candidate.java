package io.penstock.core.route;

import org.jspecify.annotations.Nullable;

/**
 * A target to try now.
 *
 * @param target {@code provider/model}, the name on the {@link HealthBoard}
 * @param provider the configured provider's name
 * @param model the provider's own name of the model
 * @param spec what the routes on the way say of it: body fields of the outer route win, the nearest
 *     number of retries and the nearest cascade's {@code accept} count
 * @param options {@code fallback_on} of the innermost route that has several targets; the least
 *     {@code first_token} and {@code ceiling} of all routes on the way; {@code on_unsupported:
 *     drop} when one of them says so; all else is {@link Plan#options()}
 * @param reason why this one, in words: the value of {@code x-penstock-route}
 * @param keyHint the provider key that holds the warm prompt cache, or null for any
 */
public record Candidate(
    String target,
    String provider,
    String model,
    TargetSpec spec,
    RouteOptions options,
    String reason,
    @Nullable String keyHint) {
  private static final int LONGEST_REASON = 200;

  /** Returns this target, to be tried after another that did not do for that reason. */
  Candidate after(String why) {
    String both = reason + " after " + why;
    return new Candidate(
        target,
        provider,
        model,
        spec,
        options,
        both.length() > LONGEST_REASON ? both.substring(0, LONGEST_REASON) : both,
        keyHint);
  }
}

package io.penstock.server.snapshot;

import io.penstock.core.rule.Condition;
import io.penstock.core.rule.SparseFacts;

/**
 * A kind of call that may come: what {@link Condition#MEMOISABLE} names, "" where it does not
 * matter. Nothing else of it is known.
 */
record PossibleCall(
    String model,
    String target,
    String provider,
    String region,
    String endpoint,
    String team,
    String app,
    String user,
    String key)
    implements SparseFacts {

  PossibleCall asking(String name) {
    return new PossibleCall(name, target, provider, region, endpoint, team, app, user, key);
  }

  PossibleCall to(String label, String of, String in) {
    return new PossibleCall(model, label, of, in, endpoint, team, app, user, key);
  }

  PossibleCall at(String label) {
    return new PossibleCall(model, target, provider, region, label, team, app, user, key);
  }

  PossibleCall by(String ofTeam, String ofApp, String ofUser, String ofKey) {
    return new PossibleCall(
        model, target, provider, region, endpoint, ofTeam, ofApp, ofUser, ofKey);
  }

  /** Returns this call with what the other says; no two say something about the same. */
  PossibleCall joined(PossibleCall with) {
    return new PossibleCall(
        model + with.model,
        target + with.target,
        provider + with.provider,
        region + with.region,
        endpoint + with.endpoint,
        team + with.team,
        app + with.app,
        user + with.user,
        key + with.key);
  }
}

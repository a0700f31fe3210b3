package io.penstock.server;

import io.penstock.core.rule.Condition;
import io.penstock.core.rule.Facts;
import java.util.Map;
import org.jspecify.annotations.Nullable;

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
    implements Facts {

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

  @Override
  public long costNanos() {
    return 0;
  }

  @Override
  public boolean stream() {
    return false;
  }

  @Override
  public long tokens() {
    return 0;
  }

  @Override
  public long maxTokens() {
    return 0;
  }

  @Override
  public int tools() {
    return 0;
  }

  @Override
  public int images() {
    return 0;
  }

  @Override
  public int turns() {
    return 0;
  }

  @Override
  public String text() {
    return "";
  }

  @Override
  public String system() {
    return "";
  }

  @Override
  public String endUser() {
    return "";
  }

  @Override
  public String session() {
    return "";
  }

  @Override
  public Map<String, String> metadata() {
    return Map.of();
  }

  @Override
  public Map<String, String> headers() {
    return Map.of();
  }

  @Override
  public int hour() {
    return 0;
  }

  @Override
  public int weekday() {
    return 1;
  }

  @Override
  public String task() {
    return "";
  }

  @Override
  public double complexity() {
    return 0;
  }

  @Override
  public double budget(String name) {
    return 0;
  }

  @Override
  public @Nullable ResponseFacts response() {
    return null;
  }
}

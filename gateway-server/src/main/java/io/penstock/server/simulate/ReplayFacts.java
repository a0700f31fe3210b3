package io.penstock.server.simulate;

import io.penstock.ledger.LedgerRow;
import io.penstock.server.call.RequestFacts;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A recorded request as conditions see it: what was not kept is empty. */
final class ReplayFacts extends RequestFacts {
  private final Recorded request;
  private final Policy policy;
  private final Scenario scenario;
  private String provider = "";
  private String target = "";
  private String region = "";

  ReplayFacts(Recorded request, Policy policy, Scenario scenario) {
    this.request = request;
    this.policy = policy;
    this.scenario = scenario;
  }

  void target(String label, Policy.Target to, long worstCaseNanos) {
    target = label;
    provider = label.substring(0, label.indexOf('/'));
    region = to.region();
    worstCase(worstCaseNanos);
  }

  private Recorded.@Nullable Prompt prompt() {
    return request.question().text();
  }

  @Override
  protected LedgerRow.Caller caller() {
    return request.caller();
  }

  @Override
  protected ZonedDateTime arrived() {
    return Instant.ofEpochMilli(request.atMillis()).atZone(policy.zone());
  }

  @Override
  public String model() {
    return request.question().model();
  }

  @Override
  public String target() {
    return target;
  }

  @Override
  public String provider() {
    return provider;
  }

  @Override
  public String region() {
    return region;
  }

  @Override
  public String endpoint() {
    return request.question().endpoint().label();
  }

  @Override
  public boolean stream() {
    return request.question().stream();
  }

  @Override
  public long tokens() {
    return ReplayTargets.likelyInput(request.question());
  }

  @Override
  public long maxTokens() {
    return Math.max(0, request.question().maxTokens());
  }

  @Override
  public int tools() {
    Recorded.Prompt known = prompt();
    return known == null ? 0 : known.tools();
  }

  @Override
  public int images() {
    Recorded.Prompt known = prompt();
    return known == null ? 0 : known.images();
  }

  @Override
  public int turns() {
    Recorded.Prompt known = prompt();
    return known == null ? 0 : known.turns();
  }

  @Override
  public String text() {
    Recorded.Prompt known = prompt();
    return known == null ? "" : known.text();
  }

  @Override
  public String system() {
    Recorded.Prompt known = prompt();
    return known == null ? "" : known.system();
  }

  @Override
  public Map<String, String> headers() {
    return Map.of();
  }

  @Override
  public double complexity() {
    double known = request.question().complexity();
    return Double.isNaN(known) ? scenario.complexity() : known;
  }

  @Override
  public @Nullable ResponseFacts response() {
    return null;
  }
}

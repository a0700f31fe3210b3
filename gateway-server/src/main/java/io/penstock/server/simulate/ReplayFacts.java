package io.penstock.server.simulate;

import io.penstock.core.route.TaskClass;
import io.penstock.core.rule.Facts;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** A recorded request as conditions see it: what was not kept is empty. */
final class ReplayFacts implements Facts {
  private final Recorded request;
  private final Policy policy;
  private final Scenario scenario;
  private String provider = "";
  private String target = "";
  private String region = "";
  private long costNanos;
  private ToDoubleFunction<String> budgets = name -> 0;

  ReplayFacts(Recorded request, Policy policy, Scenario scenario) {
    this.request = request;
    this.policy = policy;
    this.scenario = scenario;
  }

  void target(String label, Policy.Target to, long worstCaseNanos) {
    target = label;
    provider = label.substring(0, label.indexOf('/'));
    region = to.region();
    costNanos = worstCaseNanos;
  }

  void budgets(ToDoubleFunction<String> used) {
    budgets = used;
  }

  private Recorded.@Nullable Prompt prompt() {
    return request.question().text();
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
  public long costNanos() {
    return costNanos;
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
  public String team() {
    return request.caller().team();
  }

  @Override
  public String app() {
    return request.caller().app();
  }

  @Override
  public String user() {
    return request.caller().user();
  }

  @Override
  public String endUser() {
    return request.caller().endUser();
  }

  @Override
  public String key() {
    return request.caller().key();
  }

  @Override
  public String session() {
    return request.caller().session();
  }

  @Override
  public Map<String, String> metadata() {
    return request.caller().metadata();
  }

  @Override
  public Map<String, String> headers() {
    return Map.of();
  }

  private ZonedDateTime time() {
    return Instant.ofEpochMilli(request.atMillis()).atZone(policy.zone());
  }

  @Override
  public int hour() {
    return time().getHour();
  }

  @Override
  public int weekday() {
    return time().getDayOfWeek().getValue();
  }

  @Override
  public double budget(String name) {
    return budgets.applyAsDouble(name);
  }

  @Override
  public String task() {
    return TaskClass.of(text()).label();
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

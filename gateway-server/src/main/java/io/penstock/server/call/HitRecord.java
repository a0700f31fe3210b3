package io.penstock.server.call;

import io.penstock.cache.semantic.AnswerComparer;
import io.penstock.cache.semantic.FalseHitGate;
import io.penstock.cache.semantic.Proportion;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** What checks have shown of one rule's hits, in all and by route. Thread-safe. */
public final class HitRecord {
  /** Served entries whose score is known when one is reported as wrong. */
  private static final int REMEMBERED = 10_000;

  private final FalseHitGate gate;
  private final AnswerComparer comparer = new AnswerComparer();
  private final ConcurrentHashMap<String, Tally> routes = new ConcurrentHashMap<>();
  private final Map<String, Double> served =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Double> eldest) {
          return size() > REMEMBERED;
        }
      };

  /** Creates the record of a rule that follows this gate. */
  public HitRecord(FalseHitGate gate) {
    this.gate = gate;
  }

  /**
   * Checks of one route's hits.
   *
   * @param interval 95 % interval of the share that is wrong
   */
  public record Checked(long checks, long wrong, Proportion.Interval interval) {
    public double estimate() {
      return checks == 0 ? 0 : (double) wrong / checks;
    }
  }

  /**
   * What is known, for the next process.
   *
   * @param twins likeness of pairs of answers to one prompt
   * @param routes checks by route
   */
  public record Learned(
      FalseHitGate.Learned gate, List<Double> twins, Map<String, RouteChecks> routes) {
    /** Keeps copies; it may come from a file. */
    public Learned {
      Objects.requireNonNull(gate, "gate");
      twins = List.copyOf(twins);
      routes = Map.copyOf(routes);
    }
  }

  /** Checks of one route's hits. */
  public record RouteChecks(long checks, long wrong) {}

  private static final class Tally {
    private long checks;
    private long wrong;

    synchronized void add(boolean isWrong) {
      checks++;
      wrong += isWrong ? 1 : 0;
    }

    synchronized void add(RouteChecks earlier) {
      checks += earlier.checks;
      wrong += earlier.wrong;
    }

    synchronized Checked checked() {
      return new Checked(checks, wrong, Proportion.wilson(wrong, checks));
    }
  }

  /** Returns what the next process should know. */
  Learned learned() {
    Map<String, RouteChecks> checks = new TreeMap<>();
    byRoute().forEach((route, of) -> checks.put(route, new RouteChecks(of.checks, of.wrong)));
    return new Learned(gate.learned(), comparer.twins(), checks);
  }

  /** Goes on from what an earlier process learned; before anything was checked here. */
  void recall(Learned earlier) {
    gate.recall(earlier.gate);
    earlier.twins.forEach(comparer::twin);
    earlier.routes.forEach(
        (route, of) -> routes.computeIfAbsent(route, name -> new Tally()).add(of));
  }

  /** Returns what decides how sure a hit must be. */
  public FalseHitGate gate() {
    return gate;
  }

  public AnswerComparer comparer() {
    return comparer;
  }

  /**
   * Takes the result of a check.
   *
   * @param route the configured name that served the call
   * @param served whether the hit was sure enough to be served: only those count for the route
   * @return what is known of the route's hits now; null when this one does not count
   */
  public @Nullable Checked checked(String route, double score, boolean wrong, boolean served) {
    gate.checked(score, wrong);
    if (!served) {
      return null;
    }
    Tally tally = routes.computeIfAbsent(route, name -> new Tally());
    tally.add(wrong);
    return tally.checked();
  }

  /** Remembers how sure a hit was, for {@link #reported}. */
  public void served(String id, double score) {
    synchronized (served) {
      served.put(id, score);
    }
  }

  /** Takes the report of a wrong answer; one that this rule has not served here says nothing. */
  public void reported(String id) {
    Double score;
    synchronized (served) {
      score = served.remove(id);
    }
    if (score != null) {
      gate.reported(score);
    }
  }

  /** Returns what is known, by route. */
  public Map<String, Checked> byRoute() {
    Map<String, Checked> known = new TreeMap<>();
    routes.forEach((route, tally) -> known.put(route, tally.checked()));
    return known;
  }
}

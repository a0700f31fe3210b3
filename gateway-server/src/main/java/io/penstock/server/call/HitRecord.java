package io.penstock.server.call;

import io.penstock.cache.semantic.AnswerComparer;
import io.penstock.cache.semantic.FalseHitGate;
import io.penstock.cache.semantic.Proportion;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

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
  public record Checked(long checks, long wrong, Proportion.Interval interval) {}

  private static final class Tally {
    private long checks;
    private long wrong;

    synchronized void add(boolean isWrong) {
      checks++;
      wrong += isWrong ? 1 : 0;
    }

    synchronized Checked checked() {
      return new Checked(checks, wrong, Proportion.wilson(wrong, checks));
    }
  }

  /** Returns what decides how sure a hit must be. */
  public FalseHitGate gate() {
    return gate;
  }

  AnswerComparer comparer() {
    return comparer;
  }

  /**
   * Takes the result of a check.
   *
   * @param route the configured name that served the call
   * @param served whether the hit was sure enough to be served: only those count for the route
   */
  void checked(String route, double score, boolean wrong, boolean served) {
    gate.checked(score, wrong);
    if (served) {
      routes.computeIfAbsent(route, name -> new Tally()).add(wrong);
    }
  }

  /** Remembers how sure a hit was, for {@link #reported}. */
  void served(String id, double score) {
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

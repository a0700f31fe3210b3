package io.penstock.cache.semantic;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What a cache would have served of recorded traffic: {@code penstock report --cache}. A pure
 * function over requests in order of time; nothing is assumed about what lies outside them.
 */
public final class Forecast {
  private Forecast() {}

  /**
   * A recorded request.
   *
   * @param atMillis epoch milliseconds, never before the one before it
   * @param route the model asked for
   * @param key the exact key, hex, scope included
   * @param partition within which near duplicates are compatible; empty: not for this layer
   * @param text the last user message; empty when content is not recorded
   * @param costNanos what it cost, nano-USD
   */
  public record Recorded(
      long atMillis, String route, String key, String partition, String text, long costNanos) {}

  /** Scores two questions, 0..1: {@code cached}, {@code asked}, whether on the same day. */
  public interface Scorer {
    /** Returns how surely the answer to one serves the other. */
    double score(String cached, String asked, boolean sameDay);
  }

  /**
   * What one setting would have done on one route.
   *
   * @param savedNanos nano-USD of the requests it would have answered
   */
  public record Line(String route, String setting, long requests, long hits, long savedNanos) {
    /** Returns hits over requests. */
    public double hitRate() {
      return requests == 0 ? 0 : (double) hits / requests;
    }
  }

  /**
   * Forecasts exact duplicates for each time to live and near duplicates for each share of false
   * hits, at the longest time to live and on top of its exact hits.
   *
   * @param ttlsMillis ascending, at least one
   */
  public static List<Line> of(
      Stream<Recorded> requests, List<Long> ttlsMillis, List<Double> maxFalseHits, Scorer scorer) {
    if (ttlsMillis.isEmpty()) {
      throw new IllegalArgumentException("ttls: none (expected: at least one)");
    }
    Replay replay = new Replay(ttlsMillis, maxFalseHits, scorer);
    requests.forEach(replay::add);
    return replay.lines();
  }

  private static final class Tally {
    private long hits;
    private long savedNanos;

    void hit(long costNanos) {
      hits++;
      savedNanos += costNanos;
    }
  }

  private static final class Replay {
    private static final int NEWEST = 2_000;
    private static final long DAY = 86_400_000;

    private final List<Long> ttls;
    private final List<Double> shares;
    private final Scorer scorer;
    private final Map<Long, Map<String, Long>> stored = new HashMap<>();
    private final Map<String, List<Recorded>> questions = new HashMap<>();
    private final Map<String, Long> requests = new TreeMap<>();
    private final Map<String, Map<String, Tally>> tallies = new LinkedHashMap<>();

    Replay(List<Long> ttls, List<Double> shares, Scorer scorer) {
      this.ttls = ttls;
      this.shares = shares;
      this.scorer = scorer;
    }

    void add(Recorded request) {
      requests.merge(request.route(), 1L, Long::sum);
      boolean exact = false;
      for (long ttl : ttls) {
        Map<String, Long> since = stored.computeIfAbsent(ttl, t -> new HashMap<>());
        Long at = since.get(request.key());
        exact = at != null && request.atMillis() - at < ttl;
        if (exact) {
          tally(request, "exact " + ttl / 1000 + "s").hit(request.costNanos());
        } else {
          since.put(request.key(), request.atMillis());
        }
      }
      if (!request.partition().isEmpty() && !request.text().isEmpty()) {
        near(request, exact);
      }
    }

    private void near(Recorded request, boolean exact) {
      List<Recorded> known = questions.computeIfAbsent(request.partition(), p -> new ArrayList<>());
      double best = exact ? 1 : best(request, known);
      for (double share : shares) {
        if (best >= OperatingPoints.threshold(share)) {
          tally(request, "semantic " + share).hit(request.costNanos());
        }
      }
      if (best < OperatingPoints.STRICTEST) {
        known.add(request);
        if (known.size() > NEWEST) {
          known.removeFirst();
        }
      }
    }

    private double best(Recorded request, List<Recorded> known) {
      long ttl = ttls.getLast();
      double best = 0;
      for (Recorded earlier : known) {
        if (request.atMillis() - earlier.atMillis() < ttl) {
          boolean sameDay = request.atMillis() / DAY == earlier.atMillis() / DAY;
          best = Math.max(best, scorer.score(earlier.text(), request.text(), sameDay));
        }
      }
      return best;
    }

    private Tally tally(Recorded request, String setting) {
      return tallies
          .computeIfAbsent(setting, s -> new TreeMap<>())
          .computeIfAbsent(request.route(), r -> new Tally());
    }

    List<Line> lines() {
      List<Line> lines = new ArrayList<>();
      List<String> settings = new ArrayList<>();
      ttls.forEach(ttl -> settings.add("exact " + ttl / 1000 + "s"));
      shares.forEach(share -> settings.add("semantic " + share));
      for (Map.Entry<String, Long> route : requests.entrySet()) {
        for (String setting : settings) {
          Tally tally =
              tallies.getOrDefault(setting, Map.of()).getOrDefault(route.getKey(), new Tally());
          lines.add(
              new Line(route.getKey(), setting, route.getValue(), tally.hits, tally.savedNanos));
        }
      }
      return lines;
    }
  }
}

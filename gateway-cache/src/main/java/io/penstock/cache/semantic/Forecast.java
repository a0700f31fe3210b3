package io.penstock.cache.semantic;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a cache would have served of recorded traffic: {@code penstock report --cache}. Takes
 * requests in order of time; nothing is assumed about what lies outside them. Confined to one
 * thread.
 */
public final class Forecast {
  /** Of a partition: with how many of its newest questions a question is compared. */
  private static final int NEWEST = 2_000;

  /** As many as a look-up judges. */
  private static final int NEIGHBOURS = 4;

  private static final long DAY = 86_400_000;

  private final List<Long> ttls;
  private final List<Double> shares;
  private final Scorer scorer;
  private final int maxQuestions;
  private final Map<Long, Map<String, Long>> stored = new HashMap<>();
  private final Map<String, Deque<Known>> questions = new HashMap<>();
  private final Map<String, Map<String, Tally>> tallies = new TreeMap<>();
  private int embedded;

  /**
   * Starts one.
   *
   * @param ttlsMillis times to live of the exact layer, at least one; the longest is also that of
   *     the semantic one
   * @param maxFalseHits shares of false hits, the operating points of the semantic layer
   * @param maxQuestions how many questions are compared with others at most; those beyond are not
   *     counted for the semantic layer at all
   */
  public Forecast(
      List<Long> ttlsMillis, List<Double> maxFalseHits, Scorer scorer, int maxQuestions) {
    if (ttlsMillis.isEmpty()) {
      throw new IllegalArgumentException("ttls: none (expected: at least one)");
    }
    this.ttls = ttlsMillis.stream().distinct().sorted().toList();
    this.shares = maxFalseHits.stream().distinct().sorted().toList();
    this.scorer = scorer;
    this.maxQuestions = maxQuestions;
  }

  /**
   * A recorded request.
   *
   * @param atMillis epoch milliseconds, never before the one before it
   * @param group whose sums it counts into
   * @param key the exact key, scope included
   * @param partition within which near duplicates are compatible; empty: not for this layer
   * @param text the last user message; empty when content is not recorded
   * @param costNanos what it cost, nano-USD
   */
  public record Recorded(
      long atMillis, String group, String key, String partition, String text, long costNanos) {}

  /** Compares questions. */
  public interface Scorer {
    /** Returns the unit vector of a text. */
    float[] embed(String text);

    /** Returns how surely the answer to one question serves another, 0..1. */
    double score(String cached, String asked, boolean sameDay, double similarity);
  }

  /**
   * What one setting would have done for one group.
   *
   * @param setting {@code exact TTL} or {@code semantic SHARE}; a semantic hit counts the exact
   *     ones of the longest time to live in
   * @param requests those that the setting was tried on
   * @param savedNanos nano-USD of the requests it would have answered
   */
  public record Line(String group, String setting, long requests, long hits, long savedNanos) {
    /** Returns hits over requests. */
    public double hitRate() {
      return requests == 0 ? 0 : (double) hits / requests;
    }

    /** Returns the 95 % Wilson interval of {@link #hitRate}. */
    public Proportion.Interval interval() {
      return Proportion.wilson(hits, requests);
    }
  }

  private static final class Tally {
    private long requests;
    private long hits;
    private long savedNanos;

    void add(boolean hit, long costNanos) {
      requests++;
      hits += hit ? 1 : 0;
      savedNanos += hit ? costNanos : 0;
    }
  }

  /** A question that an upstream answer would have been stored for. */
  private record Known(Recorded request, float[] vector) {}

  /** A known question beside the one asked. */
  private record Near(Recorded request, double similarity) {}

  /** Takes the next request. */
  public void add(Recorded request) {
    boolean exact = false;
    for (long ttl : ttls) {
      Map<String, Long> since = stored.computeIfAbsent(ttl, t -> new HashMap<>());
      Long at = since.get(request.key());
      exact = at != null && request.atMillis() - at < ttl;
      if (!exact) {
        since.put(request.key(), request.atMillis());
      }
      tally(request, exactly(ttl)).add(exact, request.costNanos());
    }
    if (!request.partition().isEmpty() && !request.text().isEmpty()) {
      near(request, exact);
    }
  }

  private void near(Recorded request, boolean exact) {
    if (!exact && embedded == maxQuestions) {
      return;
    }
    double best = exact ? 1 : best(request);
    for (double share : shares) {
      boolean hit = best >= OperatingPoints.threshold(share);
      tally(request, alike(share)).add(hit, request.costNanos());
    }
  }

  /** Returns the score of the best known answer, and remembers the question if it got its own. */
  private double best(Recorded request) {
    embedded++;
    float[] vector = scorer.embed(request.text());
    Deque<Known> known = questions.computeIfAbsent(request.partition(), p -> new ArrayDeque<>());
    List<Near> nearest = new ArrayList<>();
    for (Known one : known) {
      double similarity = Vectors.dot(vector, one.vector);
      boolean fresh = request.atMillis() - one.request.atMillis() < ttls.getLast();
      if (fresh && similarity >= Judge.LEAST_SIMILARITY) {
        nearest.add(new Near(one.request, similarity));
      }
    }
    nearest.sort(Comparator.comparingDouble(Near::similarity).reversed());
    double best = 0;
    for (Near near : nearest.subList(0, Math.min(NEIGHBOURS, nearest.size()))) {
      boolean sameDay = request.atMillis() / DAY == near.request.atMillis() / DAY;
      best =
          Math.max(
              best, scorer.score(near.request.text(), request.text(), sameDay, near.similarity));
    }
    if (best < OperatingPoints.STRICTEST) {
      known.addLast(new Known(request, vector));
      if (known.size() > NEWEST) {
        known.removeFirst();
      }
    }
    return best;
  }

  private Tally tally(Recorded request, String setting) {
    return tallies
        .computeIfAbsent(request.group(), g -> new LinkedHashMap<>())
        .computeIfAbsent(setting, s -> new Tally());
  }

  private static String exactly(long ttlMillis) {
    return "exact " + Ttl.format(ttlMillis);
  }

  private static String alike(double share) {
    return "semantic %s%%".formatted(Double.toString(share * 100).replaceFirst("\\.0$", ""));
  }

  /** Returns what each setting would have done, group by group. */
  public List<Line> lines() {
    List<String> settings = new ArrayList<>();
    ttls.forEach(ttl -> settings.add(exactly(ttl)));
    shares.forEach(share -> settings.add(alike(share)));
    List<Line> lines = new ArrayList<>();
    tallies.forEach((group, of) -> {
      for (String setting : settings) {
        Tally tally = of.get(setting);
        if (tally != null) {
          lines.add(new Line(group, setting, tally.requests, tally.hits, tally.savedNanos));
        }
      }
    });
    return lines;
  }
}

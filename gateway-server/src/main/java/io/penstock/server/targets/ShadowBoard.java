package io.penstock.server.targets;

import io.penstock.core.price.NanoUsd;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.DoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * What shadows have shown since the process began: what promoting each would save or lose per
 * request, and how alike the answers are, with 95 % intervals. Thread-safe.
 */
public final class ShadowBoard {
  /** Shadows under way at once: more would keep too many request bodies. */
  private static final int MOST_UNDERWAY = 256;

  private static final double Z95 = 1.959964;
  private static final double[] FEW = {
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131
  };
  private static final double NANOS_PER_USD = 1e9;

  private final ConcurrentHashMap<String, Tally> tallies = new ConcurrentHashMap<>();
  private final AtomicInteger underway = new AtomicInteger();

  /**
   * Two answers to one request.
   *
   * @param servedNanos what the served one cost, nano-USD
   * @param shadowNanos what the shadow cost, nano-USD
   * @param sameFinish whether both ended for the same reason
   * @param sameJson whether both are JSON, or neither
   * @param lengthRatio characters of the shadow's answer over those of the served one
   * @param similarity shared words, 0..1
   */
  public record Compared(
      long servedNanos,
      long shadowNanos,
      boolean sameFinish,
      boolean sameJson,
      double lengthRatio,
      double similarity) {}

  /** Takes one of the places; false when there is none. */
  public boolean enter() {
    if (underway.incrementAndGet() <= MOST_UNDERWAY) {
      return true;
    }
    underway.decrementAndGet();
    return false;
  }

  public void leave() {
    underway.decrementAndGet();
  }

  public void refused(String route, String target) {
    tally(route, target).refused();
  }

  public void failed(String route, String target) {
    tally(route, target).failed();
  }

  public void compared(String route, String target, Compared pair) {
    tally(route, target).compared(pair);
  }

  private Tally tally(String route, String target) {
    return tallies.computeIfAbsent(route + '\n' + target, key -> new Tally(route, target));
  }

  /** Returns one entry per route and target, as JSON-like maps. */
  public List<Map<String, @Nullable Object>> report() {
    List<Map<String, @Nullable Object>> all = new ArrayList<>();
    new TreeMap<>(tallies).values().forEach(tally -> all.add(tally.json()));
    return all;
  }

  private static final class Tally {
    private final String route;
    private final String target;
    private long refused;
    private long failed;
    private long compared;
    private long sameFinish;
    private long sameJson;
    private double lengthRatio;
    private final Spread saving = new Spread();
    private final Spread similarity = new Spread();

    Tally(String route, String target) {
      this.route = route;
      this.target = target;
    }

    synchronized void refused() {
      refused++;
    }

    synchronized void failed() {
      failed++;
    }

    synchronized void compared(Compared pair) {
      compared++;
      sameFinish += pair.sameFinish ? 1 : 0;
      sameJson += pair.sameJson ? 1 : 0;
      lengthRatio += pair.lengthRatio;
      saving.add((pair.servedNanos - pair.shadowNanos) / NANOS_PER_USD);
      similarity.add(pair.similarity);
    }

    synchronized Map<String, @Nullable Object> json() {
      Map<String, @Nullable Object> json = new LinkedHashMap<>();
      json.put("route", route);
      json.put("target", target);
      json.put("compared", compared);
      json.put("failed", failed);
      json.put("not_made", refused);
      if (compared > 0) {
        json.put("saved_per_request_usd", usd(saving.mean()));
        json.put("saved_per_request_usd_95", saving.interval(Tally::usd));
        json.put("same_finish", sameFinish / (double) compared);
        json.put("same_json", sameJson / (double) compared);
        json.put("length_ratio", lengthRatio / compared);
        json.put("similarity", similarity.mean());
        json.put("similarity_95", similarity.interval(bound -> bound));
      }
      return json;
    }

    private static String usd(double value) {
      return NanoUsd.format(Math.round(value * NANOS_PER_USD));
    }
  }

  /** Mean and its interval, by Welford's method. */
  private static final class Spread {
    private long count;
    private double mean;
    private double squares;

    void add(double value) {
      count++;
      double off = value - mean;
      mean += off / count;
      squares += off * (value - mean);
    }

    double mean() {
      return mean;
    }

    /** Returns the bounds of the mean; null below two values, which tell nothing of it. */
    <T> @Nullable List<T> interval(DoubleFunction<T> shown) {
      if (count < 2) {
        return null;
      }
      double margin = student95(count - 1) * Math.sqrt(squares / (count - 1) / count);
      return List.of(shown.apply(mean - margin), shown.apply(mean + margin));
    }
  }

  /**
   * Returns by how many standard errors a mean may be off, in 95 of 100: Student's t, from tables
   * where values are few, else as a series around the normal distribution's (Abramowitz and Stegun,
   * 26.7.5), off by less than 0.001.
   *
   * @param freedom values less one
   */
  static double student95(long freedom) {
    if (freedom <= FEW.length) {
      return FEW[(int) freedom - 1];
    }
    double cube = Z95 * Z95 * Z95;
    double fifth = cube * Z95 * Z95;
    return Z95
        + (cube + Z95) / (4.0 * freedom)
        + (5 * fifth + 16 * cube + 3 * Z95) / (96.0 * freedom * freedom);
  }
}

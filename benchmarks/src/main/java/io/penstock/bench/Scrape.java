package io.penstock.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a gateway's own metrics say at one moment.
 *
 * @param allocated bytes of heap that all threads took since the start
 * @param overhead requests by the upper bound, in seconds, of the time they spent in the gateway;
 *     cumulative
 */
record Scrape(double allocated, Map<Double, Double> overhead) {
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final Pattern ALLOCATED =
      Pattern.compile("^jvm_allocated_bytes_total ([0-9.eE+]+)$", Pattern.MULTILINE);
  private static final Pattern OVERHEAD =
      Pattern.compile(
          "^penstock_overhead_seconds_bucket\\{le=\"([^\"]+)\"} ([0-9.eE+]+)$", Pattern.MULTILINE);

  /** Asks the admin port. */
  static Scrape of(URI metrics) {
    try {
      HttpRequest request = HttpRequest.newBuilder(metrics).build();
      return parse(HTTP.send(request, HttpResponse.BodyHandlers.ofString()).body());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while reading " + metrics, e);
    }
  }

  static Scrape parse(String text) {
    Matcher allocated = ALLOCATED.matcher(text);
    Map<Double, Double> overhead = new TreeMap<>();
    Matcher bucket = OVERHEAD.matcher(text);
    while (bucket.find()) {
      String bound = bucket.group(1);
      overhead.put(
          bound.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(bound),
          Double.parseDouble(bucket.group(2)));
    }
    return new Scrape(allocated.find() ? Double.parseDouble(allocated.group(1)) : 0, overhead);
  }

  /** Returns what was added since an earlier one. */
  Scrape since(Scrape earlier) {
    Map<Double, Double> added = new TreeMap<>();
    overhead.forEach(
        (bound, count) -> added.put(bound, count - earlier.overhead.getOrDefault(bound, 0.0)));
    return new Scrape(allocated - earlier.allocated, added);
  }

  /**
   * Returns the time in the gateway, in microseconds, that the given share of requests did not
   * exceed, interpolated within its bucket as Prometheus does; 0 without requests.
   */
  double overheadMicros(double share) {
    double total = overhead.getOrDefault(Double.POSITIVE_INFINITY, 0.0);
    double below = 0;
    double from = 0;
    for (Map.Entry<Double, Double> bucket : overhead.entrySet()) {
      double to = bucket.getKey();
      double count = bucket.getValue();
      if (count >= total * share && count > below) {
        double part = (total * share - below) / (count - below);
        return (Double.isInfinite(to) ? from : from + (to - from) * part) * 1e6;
      }
      below = count;
      from = to;
    }
    return 0;
  }
}

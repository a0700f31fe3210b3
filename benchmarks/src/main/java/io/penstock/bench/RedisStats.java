package io.penstock.bench;

import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** How often each command ran in a Redis, those of its scripts included. */
record RedisStats(Map<String, Long> calls) {
  private static final Pattern LINE = Pattern.compile("cmdstat_([^:]+):calls=(\\d+)");

  /** Reads the answer of {@code INFO commandstats}. */
  static RedisStats of(String info) {
    Map<String, Long> calls = new TreeMap<>();
    Matcher matcher = LINE.matcher(info);
    while (matcher.find()) {
      calls.put(matcher.group(1), Long.parseLong(matcher.group(2)));
    }
    return new RedisStats(calls);
  }

  /** Returns what has been added since. */
  RedisStats since(RedisStats before) {
    Map<String, Long> added = new TreeMap<>();
    calls.forEach((name, count) -> {
      long more = count - before.calls.getOrDefault(name, 0L);
      if (more > 0 && !name.equals("info")) {
        added.put(name, more);
      }
    });
    return new RedisStats(added);
  }

  /** Returns the calls of scripts. */
  long scripts() {
    return calls.getOrDefault("evalsha", 0L) + calls.getOrDefault("eval", 0L);
  }

  long total() {
    return calls.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Returns the commands per request, the most frequent first. */
  String perRequest(long requests) {
    return calls.entrySet().stream()
        .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
        .map(e -> String.format("%s %.3f", e.getKey(), (double) e.getValue() / requests))
        .collect(Collectors.joining(", "));
  }
}

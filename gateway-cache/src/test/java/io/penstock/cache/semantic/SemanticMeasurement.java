package io.penstock.cache.semantic;

import io.penstock.cache.CacheEntry;
import io.penstock.cache.CacheKey;
import io.penstock.cache.CacheScope;
import io.penstock.cache.ExactCache;
import io.penstock.cache.KeyInput;
import io.penstock.core.Endpoint;
import io.penstock.core.Ticker;
import io.penstock.core.price.Usage;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

/**
 * Measures what docs/cache.md says of the semantic layer, each figure beside its goal: {@code
 * benchmarks/run semantic [decision|lookup|queue|memory]}, all of them without an argument.
 */
final class SemanticMeasurement {
  private static final int ENTRIES = 10_000;
  private static final int DECISIONS = 2_000;
  private static final int SEARCHES = 2_000;
  private static final long HOUR = 3_600_000;
  private static final CacheScope TEAM = new CacheScope(CacheScope.Kind.TEAM, "support");
  private static final SemanticCache.Policy POLICY = new SemanticCache.Policy(0.915, HOUR);
  private static final String[] WHAT = {
    "reverse", "sort", "print", "parse", "copy", "encrypt", "compress", "validate", "split", "merge"
  };
  private static final String[] OBJECT = {
    "a string",
    "an array",
    "a JSON file",
    "a date",
    "a list of orders",
    "an invoice",
    "a password",
    "an image",
    "a table",
    "a phone number"
  };
  private static final String[] WHERE = {
    "in Python",
    "in Java",
    "in Go",
    "in Rust",
    "in Excel",
    "in Ruby",
    "in Kotlin",
    "in Scala",
    "in Swift",
    "in Perl"
  };

  private SemanticMeasurement() {}

  public static void main(String[] args) throws Exception {
    List<String> figures =
        args.length == 0 ? List.of("decision", "lookup", "queue", "memory") : List.of(args);
    for (String figure : figures) {
      switch (figure) {
        case "decision" -> decisions();
        case "lookup" -> search(100_000);
        case "queue" -> fullQueue();
        case "memory" -> memory(1_000_000);
        default ->
            throw new IllegalArgumentException(
                figure + ": no figure (expected: decision, lookup, queue or memory)");
      }
    }
  }

  private static String stored(int i) {
    return "How do I %s %s %s, for customer group %s?"
        .formatted(WHAT[i % 10], OBJECT[i / 10 % 10], WHERE[i / 100 % 10], name(i / 1000));
  }

  private static String name(int i) {
    return String.valueOf((char) ('A' + i));
  }

  /** The same in other words, or something that nobody asked. */
  private static String asked(int i, boolean known) {
    return known
        ? stored(i).replace("How do I", "How can I")
        : "Why would I want to %s %s with %d helpers?"
            .formatted(WHAT[i % 10], OBJECT[i / 7 % 10], i);
  }

  private static void decisions() {
    Ticker ticker = Ticker.system();
    try (ExactCache store = ExactCache.embedded(1L << 30, ticker);
        SemanticCache cache =
            SemanticCache.embedded(new SemanticCache.Settings(1, 64, 200_000), store, ticker)) {
      for (int i = 0; i < ENTRIES; i++) {
        offer(cache, ask(cache, stored(i)), i);
      }
      while (cache.vectors() < ENTRIES) {
        LockSupport.parkNanos(1_000_000);
      }
      decisions(cache, "embedding included", "p50 <= 5, p99 <= 35 ms");
      decisions(cache, "on questions asked before", "no figure");
    }
  }

  /** Each question is another one. */
  private static void decisions(SemanticCache cache, String what, String goal) {
    int[] ids = new int[ENTRIES];
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < ids.length; i++) {
      int from = random.nextInt(i + 1);
      ids[i] = ids[from];
      ids[from] = i;
    }
    long[] nanos = new long[DECISIONS];
    int hits = 0;
    for (int i = -200; i < DECISIONS; i++) {
      String text = asked(ids[i + 200], (i & 1) == 0);
      long start = System.nanoTime();
      SemanticCache.Outcome outcome = ask(cache, text);
      if (i >= 0) {
        nanos[i] = System.nanoTime() - start;
        hits += outcome instanceof SemanticCache.Hit ? 1 : 0;
      }
    }
    print("decision at " + ENTRIES + " entries, " + what + ", hits " + hits, nanos, goal);
  }

  private static SemanticKeys.Question question(String text) {
    String body = "{\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}";
    KeyInput input = new KeyInput(TEAM, Endpoint.CHAT, "m", "r");
    return (SemanticKeys.Question)
        SemanticKeys.of(input, "builtin", body.getBytes(StandardCharsets.UTF_8));
  }

  private static SemanticCache.Outcome ask(SemanticCache cache, String text) {
    return cache
        .lookup(new SemanticCache.Ask(question(text), null, null), POLICY)
        .toCompletableFuture()
        .join();
  }

  /**
   * What a look-up takes from the thread that asks while the only thread and its queue are full.
   */
  private static void fullQueue() throws InterruptedException {
    Ticker ticker = Ticker.system();
    CountDownLatch busy = new CountDownLatch(1);
    CountDownLatch over = new CountDownLatch(1);
    try (ExactCache store = ExactCache.embedded(1L << 20, ticker);
        SemanticCache cache =
            SemanticCache.embedded(new SemanticCache.Settings(1, 1, 100), store, ticker)) {
      SemanticKeys.Question question = question(asked(0, true));
      cache.lookup(
          new SemanticCache.Ask(
              question,
              () -> {
                busy.countDown();
                awaitQuietly(over);
                return random(new SplittableRandom(4));
              },
              null),
          POLICY);
      busy.await();
      cache.lookup(new SemanticCache.Ask(question, null, null), POLICY);
      long[] nanos = new long[SEARCHES];
      for (int i = -2_000; i < SEARCHES; i++) {
        long start = System.nanoTime();
        SemanticCache.Outcome outcome = ask(cache, "How do I sort an array in Java?");
        if (!(outcome instanceof SemanticCache.Miss miss && miss.reason().equals("queue"))) {
          throw new IllegalStateException("the queue was not full: " + outcome);
        }
        if (i >= 0) {
          nanos[i] = System.nanoTime() - start;
        }
      }
      over.countDown();
      print("miss by a full queue, its request read", nanos, "nothing but the miss");
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void offer(SemanticCache cache, SemanticCache.Outcome outcome, int i) {
    Asked asked =
        switch (outcome) {
          case SemanticCache.Miss miss -> miss.asked();
          case SemanticCache.Hit hit -> hit.asked();
        };
    if (asked == null) {
      throw new IllegalStateException("question " + i + " was not looked up");
    }
    cache.offer(
        asked,
        new CacheEntry(
            asked.identity(Endpoint.CHAT, "m"),
            new CacheEntry.Origin("support", "help-desk", List.of()),
            new CacheEntry.Paid("openai", "gpt", Usage.NONE, 77),
            CacheEntry.Life.of(System.currentTimeMillis(), HOUR),
            ("answer " + i).getBytes(StandardCharsets.UTF_8)));
  }

  private static float[] random(SplittableRandom random) {
    float[] vector = new float[OnnxModel.DIMENSIONS];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) random.nextGaussian();
    }
    return vector;
  }

  private static FlatIndex fill(int n) {
    FlatIndex index = new FlatIndex(OnnxModel.DIMENSIONS, n);
    SplittableRandom random = new SplittableRandom(2);
    byte[] vector = new byte[OnnxModel.DIMENSIONS];
    for (int i = 0; i < n; i++) {
      for (int at = 0; at < vector.length; at += 8) {
        long bits = random.nextLong();
        for (int b = 0; b < 8; b++) {
          vector[at + b] = (byte) (bits >> (8 * b));
        }
      }
      index.put(new CacheKey(random.nextLong(), i, 0, 0), vector);
    }
    return index;
  }

  private static void search(int n) {
    FlatIndex index = fill(n);
    SplittableRandom random = new SplittableRandom(3);
    long[] nanos = new long[SEARCHES];
    for (int i = -500; i < SEARCHES; i++) {
      float[] query = random(random);
      long start = System.nanoTime();
      index.nearest(query, 4);
      if (i >= 0) {
        nanos[i] = System.nanoTime() - start;
      }
    }
    print("search of " + n + " vectors", nanos, "<= 0.5 ms");
  }

  private static void memory(int n) {
    long before = used();
    FlatIndex index = fill(n);
    long after = used();
    System.out.printf(
        Locale.ROOT,
        "memory of %d vectors: %.0f MB of heap (goal: <= 700 MB)%n",
        index.size(),
        (after - before) / 1e6);
  }

  private static long used() {
    Runtime runtime = Runtime.getRuntime();
    System.gc(); // waits until it is done
    return runtime.totalMemory() - runtime.freeMemory();
  }

  private static void print(String what, long[] nanos, String goal) {
    Arrays.sort(nanos);
    System.out.printf(
        Locale.ROOT,
        "%s: p50 %.4f ms, p99 %.4f ms (goal: %s)%n",
        what,
        nanos[nanos.length / 2] / 1e6,
        nanos[nanos.length * 99 / 100] / 1e6,
        goal);
  }
}

package io.penstock.core.route;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.rule.TestFacts;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * How much of what one shared prompt cache would hit eight providers hit, when a route that is
 * sticky by conversation spreads a trace over them. On the recorded trace when it lies beside the
 * repository, and always on a made-up one.
 */
class PrefixTraceTest {
  private static final int REPLICAS = 8;
  private static final int BLOCKS = 20_000;
  private static final int BLOCK_TOKENS = 512;

  private record Request(int input, int[] blocks) {}

  /** Prefix blocks that a provider keeps, the least recently used go first. */
  private static final class PrefixCache {
    private final LinkedHashMap<Integer, Boolean> blocks = new LinkedHashMap<>(1024, 0.75f, true);
    private final int capacity;

    PrefixCache(int capacity) {
      this.capacity = capacity;
    }

    long hit(Request request) {
      int matched = 0;
      while (matched < request.blocks.length && blocks.containsKey(request.blocks[matched])) {
        matched++;
      }
      for (int i = request.blocks.length - 1; i >= 0; i--) {
        blocks.put(request.blocks[i], true);
      }
      while (blocks.size() > capacity) {
        blocks.remove(blocks.keySet().iterator().next());
      }
      return Math.min((long) matched * BLOCK_TOKENS, request.input);
    }
  }

  /** A provider of the trace for the planner: all alike, told apart by name. */
  private static final class Alike implements Surroundings {
    long opening;

    @Override
    public @Nullable String unfit(Candidate candidate) {
      return null;
    }

    @Override
    public long expectedCost(String target, long warmTokens, long outputTokens) {
      return -1;
    }

    @Override
    public double complexity(Router router) {
      return 0;
    }

    @Override
    public long opening() {
      return opening;
    }
  }

  @Test
  void plan_madeUpTrace_nearlyAllOfTheBound() {
    assertNearBound(madeUp(new Random(11)));
  }

  @Test
  void plan_recordedTrace_nearlyAllOfTheBound() throws IOException {
    Path trace = Beside.find("traces/mooncake_conversation_trace.jsonl.gz");
    if (trace == null) {
      System.out.println("no recorded trace at ../shared/traces: the made-up one alone is checked");
      return;
    }
    assertNearBound(recorded(trace));
  }

  private static void assertNearBound(List<Request> trace) {
    Bench bench = new Bench();
    RouteOptions sticky =
        RouteOptions.DEFAULT.sticky(new RouteOptions.Sticky(RouteOptions.StickyBy.CONVERSATION, 0));
    String[] names = new String[REPLICAS];
    Arrays.setAll(names, i -> "openai/replica-" + i);
    bench.model("m", new RouteSpec.Weighted(Bench.targets(names), sticky));
    Planner planner = bench.planner();
    RouteTable.Found route = Objects.requireNonNull(planner.table().find("m"));
    Map<String, PrefixCache> caches = new LinkedHashMap<>();
    Map<String, Long> loads = new LinkedHashMap<>();
    PrefixCache shared = new PrefixCache(BLOCKS * REPLICAS);
    Alike around = new Alike();
    long hits = 0;
    long bound = 0;
    for (int i = 0; i < trace.size(); i++) {
      Request request = trace.get(i);
      around.opening = Arrays.hashCode(Arrays.copyOf(request.blocks, 3));
      Plan plan = planner.plan(route, new TestFacts(), around, i);
      String target = Objects.requireNonNull(plan.next("")).target();
      long hit = caches.computeIfAbsent(target, _ -> new PrefixCache(BLOCKS)).hit(request);
      hits += hit;
      loads.merge(target, request.input - hit, Long::sum);
      bound += shared.hit(request);
    }
    double mean = loads.values().stream().mapToLong(Long::longValue).sum() / (double) REPLICAS;
    double busiest = loads.values().stream().mapToLong(Long::longValue).max().orElse(0);
    System.out.printf(
        "of the bound %.4f, busiest/mean %.3f%n", hits / (double) bound, busiest / mean);
    assertThat(hits / (double) bound).isGreaterThanOrEqualTo(0.95);
    assertThat(busiest / mean).isLessThanOrEqualTo(1.25);
  }

  private static List<Request> recorded(Path trace) throws IOException {
    List<Request> requests = new ArrayList<>();
    ObjectMapper json = new ObjectMapper();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(trace)), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        JsonNode row = json.readTree(line);
        int[] blocks = json.treeToValue(row.path("hash_ids"), int[].class);
        requests.add(new Request(row.path("input_length").asInt(), blocks));
      }
    }
    return requests;
  }

  /** Conversations that all share their first block and grow by a few blocks per turn. */
  private static List<Request> madeUp(Random random) {
    List<List<Integer>> conversations = new ArrayList<>();
    List<Request> requests = new ArrayList<>();
    int next = 1;
    for (int i = 0; i < 8000; i++) {
      List<Integer> blocks;
      if (conversations.isEmpty() || random.nextInt(4) == 0) {
        blocks = new ArrayList<>(List.of(0, next, next + 1));
        next += 2;
        conversations.add(blocks);
      } else {
        int recent = Math.min(conversations.size(), 200);
        blocks = conversations.get(conversations.size() - 1 - random.nextInt(recent));
      }
      for (int grown = random.nextInt(1, 5); grown > 0; grown--) {
        blocks.add(next++);
      }
      int[] all = blocks.stream().mapToInt(Integer::intValue).toArray();
      requests.add(new Request(all.length * BLOCK_TOKENS, all));
    }
    return requests;
  }
}

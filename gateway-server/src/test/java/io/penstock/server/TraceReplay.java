package io.penstock.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.identity.KeyRing;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Received;
import io.penstock.testkit.Script;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/**
 * Replays a trace of prompts through a running gateway in front of eight upstreams that each keep a
 * prompt cache: how much of what one shared cache would hit they hit, and how even the load is. The
 * counts are the gateway's own, from its metrics.
 *
 * <p>Usage: {@code TraceReplay TRACE.jsonl.gz [requests]}. The prompts are made of the trace's
 * block ids, each the same 1,900 characters wherever it occurs.
 */
final class TraceReplay {
  private static final int UPSTREAMS = 8;
  private static final int BLOCKS_KEPT = 20_000;
  private static final int BLOCK_TOKENS = 512;
  private static final int BLOCK_WORDS = 380;

  /** A provider keeps every request that it has received until it is told to forget. */
  private static final int FORGET_EVERY = 200;

  private static final int TELL_EVERY = 1_000;

  private static final Pattern BLOCK = Pattern.compile("block(\\d+) ");
  private static final Pattern INPUT = Pattern.compile("\"seed\":(\\d+)");
  private static final ObjectMapper JSON = new ObjectMapper();

  /** One request of a trace: its length in tokens and the ids of its prefix blocks. */
  record Prompt(int input, int[] blocks) {}

  /**
   * What a replay has shown.
   *
   * @param ofBound prefix-hit tokens over those of one shared cache
   * @param busiest uncached tokens of the busiest upstream over the mean
   */
  record Result(double ofBound, double busiest) {}

  private TraceReplay() {}

  /** Replays a trace file. */
  public static void main(String[] args) throws IOException {
    List<Prompt> prompts = read(Path.of(args[0]));
    int most = args.length > 1 ? Integer.parseInt(args[1]) : prompts.size();
    Result result =
        run(
            prompts.subList(0, Math.min(most, prompts.size())),
            Files.createTempDirectory("replay"));
    System.out.printf(
        Locale.ROOT,
        "prefix-hit tokens %.4f of the bound, busiest/mean %.3f%n",
        result.ofBound,
        result.busiest);
  }

  private static List<Prompt> read(Path trace) throws IOException {
    List<Prompt> prompts = new ArrayList<>();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(trace)), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        JsonNode row = JSON.readTree(line);
        int[] blocks = JSON.treeToValue(row.path("hash_ids"), int[].class);
        prompts.add(new Prompt(row.path("input_length").asInt(), blocks));
      }
    }
    return prompts;
  }

  static Result run(List<Prompt> prompts, Path directory) {
    List<Upstream> upstreams = new ArrayList<>();
    for (int i = 0; i < UPSTREAMS; i++) {
      upstreams.add(new Upstream(FakeProvider.start()));
    }
    try (RunningGateway gateway = RunningGateway.start(directory, yaml(directory, upstreams))) {
      PrefixCache shared = new PrefixCache(BLOCKS_KEPT * UPSTREAMS);
      long bound = 0;
      for (int i = 0; i < prompts.size(); i++) {
        if (i > 0 && i % TELL_EVERY == 0) {
          System.out.println(i + " requests: " + result(gateway.admin("/metrics"), bound));
        }
        if (i % FORGET_EVERY == 0) {
          upstreams.forEach(Upstream::forget);
        }
        Prompt prompt = prompts.get(i);
        bound += shared.hit(prompt.blocks, prompt.input);
        HttpResponse<String> response = gateway.post("/v1/chat/completions", body(prompt));
        if (response.statusCode() != 200) {
          throw new IllegalStateException(response.statusCode() + " " + response.body());
        }
      }
      return result(gateway.admin("/metrics"), bound);
    } finally {
      upstreams.forEach(upstream -> upstream.provider.close());
    }
  }

  private static Result result(String metrics, long bound) {
    double hits = 0;
    double busiest = 0;
    double all = 0;
    for (int i = 0; i < UPSTREAMS; i++) {
      hits += tokens(metrics, i, "cache_read");
      double uncached = tokens(metrics, i, "input");
      busiest = Math.max(busiest, uncached);
      all += uncached;
    }
    return new Result(hits / bound, busiest * UPSTREAMS / all);
  }

  private static double tokens(String metrics, int upstream, String type) {
    return metrics
        .lines()
        .filter(line -> line.startsWith("penstock_tokens_total{"))
        .filter(line -> line.contains("provider=\"up" + upstream + "\""))
        .filter(line -> line.contains("type=\"" + type + "\""))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  private static String yaml(Path directory, List<Upstream> upstreams) {
    StringBuilder providers = new StringBuilder();
    List<String> targets = new ArrayList<>();
    for (int i = 0; i < upstreams.size(); i++) {
      providers.append(
          "  up%d: { dialect: openai, base_url: \"%s\", keys: [k], catalogue: openai }%n"
              .formatted(i, upstreams.get(i).provider.baseUrl()));
      targets.add("up" + i + "/gpt-4o-mini");
    }
    return """
    listen: 127.0.0.1:0
    admin: { listen: 127.0.0.1:0 }
    ledger: { url: "sqlite:%s" }
    providers:
    %smodels:
      chat: { strategy: weighted, targets: %s, sticky: { by: conversation } }
    teams: { replay: {} }
    keys: [{ id: k-replay, sha256: "%s", team: replay }]
    """
        .formatted(
            directory.resolve("ledger.db"), providers, targets, KeyRing.hash(RunningGateway.KEY));
  }

  /** A system prompt of the first block and a user's message of the rest. */
  private static String body(Prompt prompt) {
    ObjectNode body = JSON.createObjectNode().put("model", "chat").put("max_tokens", 1);
    body.put("seed", prompt.input);
    var messages = body.putArray("messages");
    messages.addObject().put("role", "system").put("content", text(prompt.blocks[0]));
    StringBuilder rest = new StringBuilder("go");
    for (int i = 1; i < prompt.blocks.length; i++) {
      rest.append('\n').append(text(prompt.blocks[i]));
    }
    messages.addObject().put("role", "user").put("content", rest.toString());
    return body.toString();
  }

  private static String text(int block) {
    SplittableRandom random = new SplittableRandom(block);
    StringBuilder text = new StringBuilder("block" + block + " ");
    while (text.length() < BLOCK_WORDS * 5) {
      for (int i = 0; i < 4; i++) {
        text.append((char) ('a' + random.nextInt(26)));
      }
      text.append(' ');
    }
    return text.toString();
  }

  /** A provider that reports what its prompt cache had. Its rule runs on the provider's loop. */
  private static final class Upstream {
    private final FakeProvider provider;
    private final PrefixCache cache = new PrefixCache(BLOCKS_KEPT);

    Upstream(FakeProvider provider) {
      this.provider = provider;
    }

    void forget() {
      provider.reset();
      provider.on("/v1/chat/completions").reply(this::answer);
    }

    private Script answer(Received request) {
      String text = request.text();
      Matcher input = INPUT.matcher(text);
      int tokens = input.find() ? Integer.parseInt(input.group(1)) : 0;
      int[] blocks =
          BLOCK.matcher(text).results().mapToInt(r -> Integer.parseInt(r.group(1))).toArray();
      return Script.json(
          """
          {"id":"c","object":"chat.completion","created":1,"model":"gpt-4o-mini","choices":[{"index":0,\
          "message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}],"usage":{"prompt_tokens":%d,\
          "completion_tokens":1,"total_tokens":%d,"prompt_tokens_details":{"cached_tokens":%d}}}\
          """
              .formatted(tokens, tokens + 1, cache.hit(blocks, tokens)));
    }
  }

  /** Prefix blocks that an upstream keeps; the least recently used go first. */
  private static final class PrefixCache {
    private final Map<Integer, Boolean> kept = new LinkedHashMap<>(1024, 0.75f, true);
    private final int capacity;

    PrefixCache(int capacity) {
      this.capacity = capacity;
    }

    synchronized long hit(int[] blocks, int input) {
      int matched = 0;
      while (matched < blocks.length && kept.containsKey(blocks[matched])) {
        matched++;
      }
      // Parents stay younger than their children.
      for (int i = blocks.length - 1; i >= 0; i--) {
        kept.put(blocks[i], true);
      }
      while (kept.size() > capacity) {
        kept.remove(kept.keySet().iterator().next());
      }
      return Math.min((long) matched * BLOCK_TOKENS, input);
    }
  }
}

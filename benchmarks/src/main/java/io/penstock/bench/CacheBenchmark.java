package io.penstock.bench;

import io.penstock.cache.CacheEntry;
import io.penstock.cache.CacheKeys;
import io.penstock.cache.CacheScope;
import io.penstock.cache.ExactCache;
import io.penstock.cache.KeyInput;
import io.penstock.cache.Keying;
import io.penstock.core.Endpoint;
import io.penstock.core.Ticker;
import io.penstock.core.body.RequestBody;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import io.penstock.providers.translate.Replay;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What a hit of the exact cache costs besides HTTP: its key, its look-up, its replay. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@NullUnmarked // JMH fills the fields before a benchmark runs
public class CacheBenchmark {
  private static final long HOUR = 3_600_000;

  /** Bytes of the request. */
  @Param({"1000", "23000"})
  public int bytes;

  private final CacheScope scope = new CacheScope(CacheScope.Kind.TEAM, "support");
  private final KeyInput input = new KeyInput(scope, Endpoint.CHAT, "gpt", "0".repeat(64));
  private ExactCache cache;
  private RequestBody body;
  private byte[] answer;

  /** Makes a request whose answer is stored. */
  @Setup
  public void make() {
    String turn = "{\"role\":\"user\",\"content\":\"" + "lorem ipsum ".repeat(30) + "\"},";
    String turns = turn.repeat(Math.max(1, bytes / turn.length()));
    body =
        RequestBody.parse(
            ("{\"model\":\"gpt\",\"temperature\":0.2,\"stream\":false,\"messages\":["
                    + turns.substring(0, turns.length() - 1)
                    + "]}")
                .getBytes(StandardCharsets.UTF_8));
    answer =
        ("{\"id\":\"c1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"gpt\",\"choices\":"
             + "[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\""
                + "dolor sit amet ".repeat(40)
                + "\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":10,"
                + "\"completion_tokens\":5,\"total_tokens\":15}}")
            .getBytes(StandardCharsets.UTF_8);
    cache = ExactCache.embedded(1 << 26, Ticker.system());
    Keying.Keyed keyed = (Keying.Keyed) CacheKeys.of(input, body);
    cache.store(
        cache.ticket(keyed.key(), scope).toCompletableFuture().join(),
        new CacheEntry(
            new CacheEntry.Identity(keyed.key(), scope, Endpoint.CHAT, "gpt"),
            new CacheEntry.Origin("support", "help-desk", List.of()),
            new CacheEntry.Paid("fake", "gpt", Usage.builder().set(Meter.INPUT, 10).build(), 77),
            CacheEntry.Life.of(System.currentTimeMillis(), HOUR),
            answer));
  }

  /** Makes the key. */
  @Benchmark
  public Keying key() {
    return CacheKeys.of(input, body);
  }

  /** Makes the key and finds the answer in this process. */
  @Benchmark
  public @Nullable CacheEntry hit() {
    return CacheKeys.of(input, body) instanceof Keying.Keyed keyed
        ? cache.local(keyed.key(), scope, HOUR)
        : null;
  }

  /** Makes a stream of the stored answer. */
  @Benchmark
  public byte[] stream() {
    return Replay.expand(
        Endpoint.CHAT, answer, true, false, "{\"cost_usd\":0.00,\"saved_usd\":0.0001}");
  }
}

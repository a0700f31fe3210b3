package io.penstock.server;

import io.netty.channel.EventLoopGroup;
import io.penstock.cache.ExactCache;
import io.penstock.cache.RedisConnector;
import io.penstock.cache.RedisLink;
import io.penstock.cache.semantic.SemanticCache;
import io.penstock.core.Ticker;
import io.penstock.server.call.idempotency.SharedAnswers;
import io.penstock.server.call.serve.StoredResponses;
import io.penstock.server.config.Config;
import io.penstock.server.config.StateConfig;
import io.penstock.server.config.value.Secret;
import io.penstock.server.config.value.SecretUrl;
import io.penstock.server.snapshot.CacheMapping;
import io.penstock.server.targets.BreakerNews;
import io.penstock.server.upstream.Transport;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Where cached answers live: in this process, and in Redis when the configuration names one. A
 * Redis that is away never stops a start; until it is there nothing is served from the cache.
 */
final class CacheStore implements AutoCloseable {
  private static final String NAMESPACE = "penstock";

  private static final int QUEUED_STORES = 256;

  private final ExactCache exact;
  private final StoredResponses responses;
  private final BreakerNews breakers;
  private final @Nullable SharedAnswers answers;
  private final SemanticCache semantic;
  private final @Nullable RedisConnector redis;
  private final @Nullable ExecutorService background;

  /** Over what replicas tell each other what is no cached answer; no commands: there are none. */
  private record Among(
      RedisLink link, String namespace, Ticker ticker, @Nullable SharedAnswers answers) {}

  private CacheStore(
      ExactCache exact,
      Among replicas,
      SemanticCache semantic,
      @Nullable RedisConnector redis,
      @Nullable ExecutorService background) {
    this.exact = exact;
    this.responses = new StoredResponses(replicas.link(), replicas.namespace());
    this.breakers = new BreakerNews(replicas.link(), replicas.namespace(), replicas.ticker());
    this.answers = replicas.answers();
    this.semantic = semantic;
    this.redis = redis;
    this.background = background;
  }

  /**
   * Opens it.
   *
   * @param loops where calls are served; closed after this
   * @throws IllegalArgumentException when an address is none
   */
  static CacheStore open(Config config, EventLoopGroup loops, Transport transport, Ticker ticker) {
    List<SecretUrl> addresses = addresses(config);
    if (addresses.isEmpty()) {
      ExactCache alone = ExactCache.embedded(CacheMapping.maxBytes(config), ticker);
      return new CacheStore(
          alone,
          new Among(() -> null, NAMESPACE, ticker, null),
          SemanticCache.embedded(SemanticCache.Settings.defaults(), alone, ticker),
          null,
          null);
    }
    RedisConnector redis = RedisConnector.to(addresses.stream().map(SecretUrl::reveal).toList());
    // One thread is enough to compress what is large; what does not fit the queue is not stored.
    ThreadPoolExecutor background =
        new ThreadPoolExecutor(
            1,
            1,
            1,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(QUEUED_STORES),
            Thread.ofPlatform().daemon().name("penstock-cache").factory());
    background.allowCoreThreadTimeOut(true);
    ExactCache.SharedSettings settings = settings(config);
    LoopLinks calls = new LoopLinks(redis, loops, transport);
    RedisLink rest = redis.link();
    ExactCache shared =
        ExactCache.shared(
            settings,
            new ExactCache.Links(calls, rest, redis.link()),
            new ExactCache.Threads(calls, background),
            ticker);
    // Told over the connections that store: what is stored and not told of would never be found.
    SemanticCache semantic =
        SemanticCache.shared(
            SemanticCache.Settings.defaults(), shared, calls, redis.link(), settings, ticker);
    // Whole answers travel on a connection of their own: nobody else's word waits behind them.
    SharedAnswers answers =
        new SharedAnswers(redis.link(), settings.namespace(), settings.secret());
    Among replicas = new Among(redis.link(), settings.namespace(), ticker, answers);
    return new CacheStore(shared, replicas, semantic, redis, background);
  }

  /** Returns the cache's own Redis, else that of the state; none: in process only. */
  private static List<SecretUrl> addresses(Config config) {
    StateConfig state = config.state();
    return !config.cache().redis().isEmpty() || state == null
        ? config.cache().redis()
        : state.redis();
  }

  private static ExactCache.SharedSettings settings(Config config) {
    StateConfig state = config.state();
    Secret secret = state == null ? null : state.secret();
    return new ExactCache.SharedSettings(
        state == null ? NAMESPACE : state.namespace(),
        secret == null ? "" : secret.reveal(),
        CacheMapping.maxBytes(config),
        ExactCache.MAX_ENTRY_BYTES);
  }

  ExactCache exact() {
    return exact;
  }

  /** Returns who may come back to which stored response, as far as replicas know. */
  StoredResponses responses() {
    return responses;
  }

  /** Returns over what replicas tell each other of breakers. */
  BreakerNews breakers() {
    return breakers;
  }

  /** Returns what replicas share of idempotency keys; null where they share nothing. */
  @Nullable SharedAnswers answers() {
    return answers;
  }

  SemanticCache semantic() {
    return semantic;
  }

  /** Closes it, behind the last answer that other replicas are to know. */
  @Override
  public void close() {
    if (answers != null) {
      answers.close();
    }
    semantic.close();
    exact.close();
    if (background != null) {
      background.shutdownNow();
    }
    if (redis != null) {
      redis.close();
    }
  }
}

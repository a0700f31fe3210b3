package io.penstock.cache.semantic;

import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.penstock.cache.CacheEntry;
import io.penstock.cache.CacheKey;
import io.penstock.cache.CacheKeys;
import io.penstock.cache.ExactCache;
import io.penstock.core.Ticker;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The semantic layer over an {@link ExactCache}, which keeps its entries: sealed, invalidated and
 * expired like any other. The index only proposes; a hit has read the entry itself.
 *
 * <p>Thread-safe. Look-ups never fail and never wait for the embedder: a full queue is a miss.
 */
public final class SemanticCache implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SemanticCache.class);
  private static final int NEIGHBOURS = 4;

  private final ExactCache store;
  private final Partitions index;
  private final @Nullable VectorFeed feed;
  private final Ticker ticker;
  private final Models models = new Models();
  private final ThreadPoolExecutor pool;

  private SemanticCache(
      Settings settings,
      ExactCache store,
      Partitions index,
      @Nullable VectorFeed feed,
      Ticker ticker) {
    this.store = store;
    this.index = index;
    this.feed = feed;
    this.ticker = ticker;
    this.pool =
        new ThreadPoolExecutor(
            settings.threads(),
            settings.threads(),
            30,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(settings.queue()),
            Thread.ofPlatform().name("penstock-embed-", 0).daemon().factory());
    pool.allowCoreThreadTimeOut(true);
  }

  /**
   * Bounds.
   *
   * @param threads that embed and judge
   * @param queue requests waiting for them; more are misses
   * @param maxVectors of this process, about 500 bytes each
   */
  public record Settings(int threads, int queue, int maxVectors) {
    /** Returns what a small machine carries. */
    public static Settings defaults() {
      return new Settings(Math.max(1, Runtime.getRuntime().availableProcessors() / 2), 64, 200_000);
    }
  }

  /** Creates the layer for a process alone. */
  public static SemanticCache embedded(Settings settings, ExactCache store, Ticker ticker) {
    Partitions index = new Partitions(OnnxModel.DIMENSIONS, settings.maxVectors());
    return new SemanticCache(settings, store, index, null, ticker);
  }

  /**
   * Creates the layer for replicas that share a Redis.
   *
   * @param writer publishes vectors; not closed here
   * @param reader a connection of its own, for the blocking reads of the feed; not closed here
   * @param redis namespace and secret, as the store has them
   */
  public static SemanticCache shared(
      Settings settings,
      ExactCache store,
      RedisClusterAsyncCommands<byte[], byte[]> writer,
      RedisClusterAsyncCommands<byte[], byte[]> reader,
      ExactCache.SharedSettings redis,
      Ticker ticker) {
    Partitions index = new Partitions(OnnxModel.DIMENSIONS, settings.maxVectors());
    VectorFeed.Channel channel =
        new VectorFeed.Channel(writer, reader, redis.namespace(), redis.secret());
    VectorFeed feed = new VectorFeed(channel, index, settings.maxVectors());
    return new SemanticCache(settings, store, index, feed, ticker);
  }

  /**
   * What a rule asks for now.
   *
   * @param threshold the least score served: {@link FalseHitGate#threshold}
   * @param ttlMillis the rule's time to live
   */
  public record Policy(double threshold, long ttlMillis) {}

  /** What a look-up found. */
  public sealed interface Outcome {}

  /**
   * An answer that passed the gates.
   *
   * @param entry the answer, its body as the exact cache would hold it
   * @param similarity of the two questions by the first embedder, 0..1
   * @param score the verifier's
   * @param asked for when the hit is verified upstream
   */
  public record Hit(CacheEntry entry, double similarity, double score, Asked asked)
      implements Outcome {}

  /**
   * Nothing that passed.
   *
   * @param reason for metrics: {@code none}, {@code unsure}, {@code queue}, {@code failed}
   * @param asked with which the answer may be offered; null when the layer was busy or failed
   * @param nearest the best that was too unsure to serve, for free verification; may be null
   */
  public record Miss(String reason, @Nullable Asked asked, @Nullable Candidate nearest)
      implements Outcome {}

  /** An answer that was not sure enough. */
  public record Candidate(CacheEntry entry, double score) {}

  /** A question that was looked up; holds what {@link #offer} needs. */
  public static final class Asked {
    private final SemanticKeys.Question question;
    private final CacheKey key;
    private final ExactCache.Ticket ticket;
    private final float[] vector;

    private Asked(
        SemanticKeys.Question question, CacheKey key, ExactCache.Ticket ticket, float[] vector) {
      this.question = question;
      this.key = key;
      this.ticket = ticket;
      this.vector = vector;
    }
  }

  /** Looks for an answer; completes on a thread of this layer or of the Redis client. */
  public CompletionStage<Outcome> lookup(SemanticKeys.Question question, Policy policy) {
    CacheKey key = CacheKeys.child(question.partition(), question.text());
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    store
        .ticket(key, question.scope())
        .whenComplete((ticket, error) -> {
          if (error != null) {
            outcome.complete(new Miss("failed", null, null));
            return;
          }
          submit(outcome, () -> search(question, key, ticket, policy));
        });
    return outcome;
  }

  private interface Search {
    Outcome run() throws IOException;
  }

  private void submit(CompletableFuture<Outcome> outcome, Search search) {
    try {
      pool.execute(() -> {
        try {
          outcome.complete(search.run());
        } catch (IOException | RuntimeException e) {
          LOG.warn("semantic look-up failed error=\"{}\"", e.toString());
          outcome.complete(new Miss("failed", null, null));
        }
      });
    } catch (RejectedExecutionException full) {
      outcome.complete(new Miss("queue", null, null));
    }
  }

  private Outcome search(
      SemanticKeys.Question question, CacheKey key, ExactCache.Ticket ticket, Policy policy)
      throws IOException {
    Models.Loaded loaded = models.get();
    float[] vector = loaded.first().embed(question.text());
    Asked asked = new Asked(question, key, ticket, vector);
    Proposals proposals = new Proposals(loaded, asked, policy);
    for (FlatIndex.Neighbour near : index.nearest(question.partition(), vector, NEIGHBOURS)) {
      Hit hit = proposals.consider(near);
      if (hit != null) {
        return hit;
      }
    }
    return new Miss(proposals.best == null ? "none" : "unsure", asked, proposals.best);
  }

  /** The state of one search; its second embedding is made at most once. */
  private final class Proposals {
    private final Models.Loaded loaded;
    private final Asked asked;
    private final Policy policy;
    private float @Nullable [] second;
    private @Nullable Candidate best;

    Proposals(Models.Loaded loaded, Asked asked, Policy policy) {
      this.loaded = loaded;
      this.asked = asked;
      this.policy = policy;
    }

    @Nullable Hit consider(FlatIndex.Neighbour near) {
      if (near.similarity() < Judge.LEAST_SIMILARITY) {
        return null;
      }
      CacheEntry entry = read(near.key());
      Stored stored = entry == null ? null : Stored.decode(entry.body());
      if (entry == null || stored == null) {
        index.remove(asked.question.partition(), near.key());
        return null;
      }
      float[] theirs = FlatIndex.restore(stored.vectors().bytes());
      Verifier.Verdict verdict =
          loaded
              .judge()
              .judge(
                  stored.text(),
                  asked.question.text(),
                  day(entry.life().createdMillis()) == day(ticker.epochMillis()),
                  near.similarity(),
                  () -> Vectors.dot(second(), theirs));
      CacheEntry answer = answer(entry, stored);
      if (verdict.veto() == null && verdict.score() >= policy.threshold()) {
        return new Hit(answer, near.similarity(), verdict.score(), asked);
      }
      if (verdict.veto() == null && (best == null || verdict.score() > best.score())) {
        best = new Candidate(answer, verdict.score());
      }
      return null;
    }

    private @Nullable CacheEntry read(CacheKey key) {
      CacheEntry here = store.local(key, asked.question.scope(), policy.ttlMillis());
      return here != null
          ? here
          : store
              .shared(key, asked.question.scope(), policy.ttlMillis())
              .toCompletableFuture()
              .join()
              .entry();
    }

    private float[] second() {
      float[] vector = second;
      if (vector == null) {
        vector = loaded.second().embed(asked.question.text());
        second = vector;
      }
      return vector;
    }
  }

  private static long day(long epochMillis) {
    return Math.floorDiv(epochMillis, TimeUnit.DAYS.toMillis(1));
  }

  private static CacheEntry answer(CacheEntry entry, Stored stored) {
    return new CacheEntry(
        entry.identity(), entry.origin(), entry.paid(), entry.life(), stored.answer().bytes());
  }

  /**
   * Offers the answer to a question that missed; returns at once. The caller has asked {@link
   * io.penstock.cache.AnswerFacts} and the rule's {@code store_if}. A semantic hit is never
   * offered: its age would be laundered.
   *
   * @param answer as for the exact cache; its key is replaced, its life becomes the rule's
   */
  public void offer(Asked asked, CacheEntry answer, long ttlMillis) {
    if (!asked.question.storable()) {
      return;
    }
    try {
      pool.execute(() -> store(asked, answer, ttlMillis));
    } catch (RejectedExecutionException full) {
      LOG.debug("semantic store dropped reason=queue");
    }
  }

  private void store(Asked asked, CacheEntry answer, long ttlMillis) {
    try {
      byte[] second = FlatIndex.quantise(models.get().second().embed(asked.question.text()));
      Stored stored =
          new Stored(
              asked.question.text(), new Stored.Packed(second), new Stored.Packed(answer.body()));
      CacheEntry.Identity identity =
          new CacheEntry.Identity(
              asked.key,
              asked.question.scope(),
              answer.identity().endpoint(),
              answer.identity().model());
      CacheEntry.Life life = CacheEntry.Life.of(ticker.epochMillis(), ttlMillis);
      store.store(
          asked.ticket,
          new CacheEntry(identity, answer.origin(), answer.paid(), life, stored.encode()));
      byte[] first = FlatIndex.quantise(asked.vector);
      index.put(asked.question.partition(), asked.key, first);
      if (feed != null) {
        feed.publish(asked.question.partition(), asked.key, first);
      }
    } catch (IOException | RuntimeException e) {
      LOG.warn("semantic store failed error=\"{}\"", e.toString());
    }
  }

  /**
   * Returns the ids of stored questions of a partition that are about a text, for invalidation by
   * similarity. Blocks for one embedding: admin threads only.
   */
  public List<String> similar(CacheKey partition, String text, double least) throws IOException {
    float[] vector = models.get().first().embed(text);
    return index.nearest(partition, vector, FlatIndex.CANDIDATES).stream()
        .filter(near -> near.similarity() >= least)
        .map(near -> near.key().id())
        .toList();
  }

  /** Returns the number of vectors indexed in this process. */
  public long vectors() {
    return index.size();
  }

  /** Returns the requests that wait for the embedder. */
  public int queued() {
    return pool.getQueue().size();
  }

  /** Stops taking work; waits for what runs, then frees the models. */
  @Override
  public void close() {
    if (feed != null) {
      feed.close();
    }
    pool.shutdown();
    try {
      if (!pool.awaitTermination(5, TimeUnit.SECONDS)) {
        return; // a thread still uses the models; the process is going anyway
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    models.close();
  }
}

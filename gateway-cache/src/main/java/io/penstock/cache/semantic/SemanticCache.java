package io.penstock.cache.semantic;

import io.penstock.cache.CacheEntry;
import io.penstock.cache.CacheKey;
import io.penstock.cache.CacheKeys;
import io.penstock.cache.ExactCache;
import io.penstock.cache.RedisLink;
import io.penstock.core.Ticker;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.stream.Collectors;
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

  private final ExactCache store;
  private final Partitions index;
  private final @Nullable VectorFeed feed;
  private final Ticker ticker;
  private final EmbedPool pool;

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
    this.pool = new EmbedPool(settings.threads(), settings.queue());
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
    Partitions index = new Partitions(settings.maxVectors());
    return new SemanticCache(settings, store, index, null, ticker);
  }

  /**
   * Creates the layer for replicas that share a Redis.
   *
   * @param writer publishes vectors
   * @param reader a connection of its own, for the blocking reads of the feed
   * @param redis namespace and secret, as the store has them
   */
  public static SemanticCache shared(
      Settings settings,
      ExactCache store,
      RedisLink writer,
      RedisLink reader,
      ExactCache.SharedSettings redis,
      Ticker ticker) {
    Partitions index = new Partitions(settings.maxVectors());
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

  /**
   * A question to look up.
   *
   * @param provided gives the vector of a provider's embedder, on a thread of this layer; null: the
   *     embedder of this process makes it
   * @param ticket taken for the same scope when the request started; null: one is taken
   */
  public record Ask(
      SemanticKeys.Question question,
      @Nullable Supplier<float[]> provided,
      ExactCache.@Nullable Ticket ticket) {}

  /** What a look-up found. */
  public sealed interface Outcome {}

  /**
   * An answer that passed the gates.
   *
   * @param suspect whether it must be checked before it is served: one like it was wrong
   * @param asked for when the hit is checked upstream
   */
  public record Hit(Candidate candidate, boolean suspect, Asked asked) implements Outcome {}

  /**
   * Nothing that passed.
   *
   * @param reason for metrics: {@code none}, {@code unsure}, {@code queue}, {@code failed}
   * @param asked with which the answer may be offered; null when the layer was busy or failed
   * @param nearest the best that was too unsure to serve, for free verification; may be null
   */
  public record Miss(String reason, @Nullable Asked asked, @Nullable Candidate nearest)
      implements Outcome {}

  /**
   * A stored answer that no veto speaks against.
   *
   * @param entry the answer, its body as the exact cache would hold it
   * @param similarity of the two questions by the model in process, 0..1
   * @param score the verifier's
   */
  public record Candidate(CacheEntry entry, double similarity, double score) {}

  /**
   * Starts to take in what other replicas store, once; a process without rules for this layer has
   * nothing to follow.
   */
  public void follow() {
    if (feed != null) {
      feed.start();
    }
  }

  /** Looks for an answer; completes on a thread of this layer or of the Redis client. */
  public CompletionStage<Outcome> lookup(Ask ask, Policy policy) {
    CacheKey key = CacheKeys.child(ask.question.partition(), ask.question.text());
    ExactCache.Ticket known = ask.ticket;
    CompletionStage<ExactCache.Ticket> ticket =
        known != null
            ? CompletableFuture.completedStage(known)
            : store.ticket(key, ask.question.scope());
    return ticket
        .thenCompose(taken -> pool.run(models -> search(models, ask, key, taken, policy)))
        .exceptionally(error -> new Miss(EmbedPool.reason(error), null, null));
  }

  private Outcome search(
      Models.Loaded models, Ask ask, CacheKey key, ExactCache.Ticket ticket, Policy policy) {
    float[] first = models.first().embed(ask.question.text());
    Supplier<float[]> provided = ask.provided;
    float[] vector = provided == null ? null : Vectors.checkedUnit(provided.get());
    Asked asked = new Asked(ask.question, key, ticket, first, vector);
    return new Search(store, index, models, asked, policy, ticker.epochMillis()).run();
  }

  /**
   * Offers the answer to a question that missed; returns at once. The caller has asked {@link
   * io.penstock.cache.AnswerFacts} and the rule's {@code store_if}. A semantic hit is never
   * offered: its age would be laundered.
   *
   * @param answer as for the exact cache, with {@link Asked#identity}
   */
  public void offer(Asked asked, CacheEntry answer) {
    if (!asked.question().storable()) {
      return;
    }
    pool.run(
            models -> {
              store(models, asked, answer);
              return asked;
            })
        .whenComplete((stored, error) -> {
          if (error != null) {
            LOG.debug("semantic store dropped reason={}", EmbedPool.reason(error));
          }
        });
  }

  private void store(Models.Loaded models, Asked asked, CacheEntry answer) {
    SemanticKeys.Question question = asked.question();
    Stored stored =
        new Stored(
            question.text(),
            new Stored.Packed(FlatIndex.quantise(asked.first())),
            new Stored.Packed(FlatIndex.quantise(models.second().embed(question.text()))),
            new Stored.Packed(answer.body()));
    store.store(
        asked.ticket(),
        new CacheEntry(
            answer.identity(), answer.origin(), answer.paid(), answer.life(), stored.encode()));
    byte[] first = FlatIndex.quantise(asked.first());
    byte[] provided = asked.isBuiltin() ? null : FlatIndex.quantise(asked.indexed());
    index.put(asked.space(), asked.key(), first, provided);
    if (feed != null) {
      feed.publish(asked.space(), asked.key(), first, provided);
    }
  }

  /**
   * Returns the embedding of a text by the model in process, {@link TextEmbedder#DIMENSIONS} long;
   * fails when the queue is full. Serves routing as well, so that one pool bounds the work.
   */
  public CompletionStage<float[]> embed(String text) {
    return pool.embed(text);
  }

  /**
   * Returns how alike two texts are, -1..1, by the model in process; fails when the queue is full.
   */
  public CompletionStage<Double> likeness(String a, String b) {
    return pool.run(
        models -> (double) Vectors.dot(models.first().embed(a), models.first().embed(b)));
  }

  /**
   * Takes note that a stored answer was right or wrong for a question it was not made for. After a
   * wrong one, answers to questions like it are checked before they are served, on every replica.
   */
  public void checked(CacheEntry answer, boolean wrong) {
    CacheKey key = answer.identity().key();
    if (wrong) {
      reported(key);
    } else {
      index.trust(key);
    }
  }

  /** Does the same for an answer that a user reported as wrong; what is not indexed is passed. */
  public void reported(CacheKey key) {
    CacheKey partition = index.partitionOf(key);
    if (partition == null) {
      return;
    }
    for (CacheKey near : index.around(partition, key)) {
      index.suspect(near);
      if (feed != null) {
        feed.suspect(partition, near);
      }
    }
  }

  /**
   * Returns the ids of the stored questions that are about a text, whatever their partition; fails
   * when the queue is full.
   *
   * @param least how alike by the model in process, 0..1
   */
  public CompletionStage<Set<String>> similar(String text, double least) {
    return pool.run(models ->
        index.within(models.first().embed(text), least).stream()
            .map(CacheKey::id)
            .collect(Collectors.toUnmodifiableSet()));
  }

  /** Returns the number of vectors indexed in this process. */
  public long vectors() {
    return index.size();
  }

  /** Returns the requests that wait for the embedder. */
  public int queued() {
    return pool.queued();
  }

  /** Stops taking work; waits for what runs, then frees the models. */
  @Override
  public void close() {
    if (feed != null) {
      feed.close();
    }
    pool.close();
  }
}

package io.penstock.server.call;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.penstock.cache.CacheEntry;
import io.penstock.cache.CacheKey;
import io.penstock.cache.CacheKeys;
import io.penstock.cache.CacheScope;
import io.penstock.cache.EmbeddingAnswers;
import io.penstock.cache.EmbeddingInputs;
import io.penstock.core.body.BodyMemory;
import io.penstock.core.body.RequestBody;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import io.penstock.server.targets.TargetRuntime;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request for embeddings of which some inputs are known: only the others go upstream, and the
 * answer is put together again. Confined to the call's loop.
 *
 * <p>Vectors of two models must never stand side by side: what is known counts only while it all
 * comes from one target, and a request to any other target asks for everything.
 */
public final class EmbeddingBatch {
  private final EmbeddingInputs inputs;
  private final CacheEntry.Identity place;
  private final @Nullable CacheEntry[] known;
  private final BitSet knownInputs = new BitSet();
  private List<byte[]> come = List.of();

  /**
   * Creates a batch of which nothing is known.
   *
   * @param place scope, endpoint and model of its entries; its key is not used
   */
  public EmbeddingBatch(EmbeddingInputs inputs, CacheEntry.Identity place) {
    this.inputs = inputs;
    this.place = place;
    this.known = new CacheEntry[inputs.size()];
  }

  public CacheScope scope() {
    return place.scope();
  }

  public int size() {
    return inputs.size();
  }

  public CacheKey key(int input) {
    return inputs.key(input);
  }

  /** Returns what only a request for the same inputs in the same order has as well. */
  public CacheKey whole() {
    StringBuilder others = new StringBuilder();
    for (int i = 1; i < size(); i++) {
      others.append(key(i).id());
    }
    return CacheKeys.child(key(0), others.toString());
  }

  /** Returns whether some inputs are known. */
  public boolean isPartial() {
    return !knownInputs.isEmpty();
  }

  public boolean isWhole() {
    return knownInputs.cardinality() == size();
  }

  /** Returns the inputs that are not known, in their order. */
  public List<Integer> missing() {
    List<Integer> missing = new ArrayList<>();
    for (int i = knownInputs.nextClearBit(0); i < size(); i = knownInputs.nextClearBit(i + 1)) {
      missing.add(i);
    }
    return missing;
  }

  /** Takes what was found for an input, unless it comes from another target than the others. */
  public void found(int input, @Nullable CacheEntry entry) {
    if (entry == null) {
      return;
    }
    CacheEntry.Paid first = source();
    if (first == null || isOf(entry, first.provider(), first.model())) {
      known[input] = entry;
      knownInputs.set(input);
    }
  }

  private static boolean isOf(CacheEntry entry, String provider, String model) {
    return entry.paid().provider().equals(provider) && entry.paid().model().equals(model);
  }

  private CacheEntry.@Nullable Paid source() {
    int first = knownInputs.nextSetBit(0);
    CacheEntry entry = first < 0 ? null : known[first];
    return entry == null ? null : entry.paid();
  }

  private boolean helps(TargetRuntime target) {
    CacheEntry.Paid source = source();
    return source != null
        && source.provider().equals(target.provider().name())
        && source.model().equals(target.model());
  }

  /**
   * Returns what the known inputs would cost today on a target that is not asked for them,
   * nano-USD; 0 for one that is asked for everything.
   */
  public long savedNanos(TargetRuntime target, long atMillis) {
    if (!helps(target) || !target.price().isPriced()) {
      return 0;
    }
    long tokens = 0;
    for (int i = knownInputs.nextSetBit(0); i >= 0; i = knownInputs.nextSetBit(i + 1)) {
      CacheEntry entry = known[i];
      tokens += entry == null ? 0 : entry.paid().usage().inputTokens();
    }
    return target.price().costNanos(usage(tokens), atMillis);
  }

  /** Returns the body for a target: without what is known, when that is the target's own. */
  public RequestBody body(TargetRuntime target, RequestBody whole) {
    return helps(target) ? RequestBody.parse(inputs.without(knownInputs)) : whole;
  }

  /** Returns whether {@link #answer} has something to say: all is known, or has come. */
  public boolean isAnswered() {
    for (CacheEntry entry : known) {
      if (entry == null) {
        return false;
      }
    }
    return true;
  }

  /** Returns the answer when every input is known, as one entry; as old as its oldest part. */
  public CacheEntry answer() {
    CacheEntry.Life life = new CacheEntry.Life(Long.MAX_VALUE, Long.MAX_VALUE);
    long tokens = 0;
    long cost = 0;
    List<byte[]> vectors = new ArrayList<>(size());
    CacheEntry last = null;
    for (CacheEntry entry : known) {
      if (entry == null) {
        throw new IllegalStateException("an input is not known");
      }
      vectors.add(entry.body());
      tokens += entry.paid().usage().inputTokens();
      cost += entry.paid().costNanos();
      life =
          new CacheEntry.Life(
              Math.min(life.createdMillis(), entry.life().createdMillis()),
              Math.min(life.expiresMillis(), entry.life().expiresMillis()));
      last = entry;
    }
    if (last == null) {
      throw new IllegalStateException("a batch without inputs");
    }
    CacheEntry.Paid paid =
        new CacheEntry.Paid(
            last.paid().provider(),
            last.paid().model(),
            usage(tokens),
            cost,
            last.paid().leftOut());
    byte[] body = EmbeddingAnswers.answer(place.endpoint(), vectors, paid.model(), tokens);
    return new CacheEntry(last.identity(), last.origin(), paid, life, body);
  }

  private static Usage usage(long tokens) {
    return Usage.builder().set(Meter.INPUT, tokens).build();
  }

  /** Makes an entry of one vector, and stores it if it may be stored. */
  public interface Maker {
    CacheEntry make(CacheEntry.Identity identity, CacheEntry.Paid paid, byte[] vector);
  }

  /**
   * Reads a target's answer, before it is settled. Returns false when it was asked for a part of
   * the inputs and does not have one vector for each: no answer can be put together.
   */
  public boolean reads(TargetRuntime target, ByteBuf body) {
    boolean narrowed = helps(target);
    if (!narrowed) {
      knownInputs.clear();
    }
    // The bytes, and each vector as it is kept.
    long takes = body.readableBytes() < BodyMemory.SMALL ? 0 : 3L * body.readableBytes();
    if (!BodyMemory.HEAP.take(takes)) {
      come = List.of();
      return !narrowed;
    }
    try {
      come =
          EmbeddingAnswers.vectors(
              place.endpoint(), ByteBufUtil.getBytes(body), size() - knownInputs.cardinality());
    } finally {
      BodyMemory.HEAP.give(takes);
    }
    return !(narrowed && come.isEmpty());
  }

  /**
   * Returns the answer to the whole request, owned by the caller, and makes entries of the vectors
   * that were read.
   *
   * @param paid what they cost
   * @param body borrowed
   */
  public ByteBuf merge(CacheEntry.Paid paid, ByteBuf body, Maker maker) {
    List<byte[]> vectors = come;
    if (vectors.isEmpty()) {
      return body.retain();
    }
    boolean narrowed = isPartial();
    List<Integer> missing = missing();
    BitSet asked = new BitSet();
    missing.forEach(asked::set);
    long[] tokens = inputs.shares(asked, paid.usage().inputTokens());
    long[] costs = inputs.shares(asked, paid.costNanos());
    for (int i = 0; i < missing.size(); i++) {
      int input = missing.get(i);
      known[input] =
          maker.make(
              new CacheEntry.Identity(key(input), place.scope(), place.endpoint(), place.model()),
              new CacheEntry.Paid(
                  paid.provider(),
                  paid.model(),
                  usage(tokens[input]),
                  costs[input],
                  paid.leftOut()),
              vectors.get(i));
    }
    return narrowed ? Unpooled.wrappedBuffer(answer().body()) : body.retain();
  }
}

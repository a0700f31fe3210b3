package io.penstock.cache.semantic;

import io.penstock.cache.CacheKey;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The indexes of this process, one per partition, bounded together: past the bound the partition
 * that was longest unused goes. Guarded by its own lock; searches hold only their partition's.
 */
final class Partitions {
  static final int MAX_SUSPECTS = 10_000;

  /** Likeness of questions whose answers are doubted together. */
  private static final double ALIKE = 0.8;

  private final int maxVectors;
  private final LinkedHashMap<CacheKey, Partition> partitions =
      new LinkedHashMap<>(16, 0.75f, true);
  private final Set<CacheKey> suspects = new LinkedHashSet<>();
  private long weight;
  private long vectors;

  /**
   * Creates it empty.
   *
   * @param maxVectors of the models in process; longer ones count as several
   */
  Partitions(int maxVectors) {
    this.maxVectors = maxVectors;
  }

  /**
   * One partition.
   *
   * @param index finds neighbours
   * @param texts the vectors of the model in process where a provider's make the index; else null
   * @param weight of one entry, in vectors of the model in process
   */
  private record Partition(FlatIndex index, @Nullable FlatIndex texts, int weight) {
    static Partition of(int dimensions, boolean provided, int maxVectors) {
      int each = (dimensions + OnnxModel.DIMENSIONS - 1) / OnnxModel.DIMENSIONS;
      int weight = provided ? each + 1 : each;
      int capacity = Math.max(1, maxVectors / weight);
      return new Partition(
          new FlatIndex(dimensions, capacity),
          provided ? new FlatIndex(OnnxModel.DIMENSIONS, capacity) : null,
          weight);
    }

    /** Returns the index by the model in process: alone comparable with other partitions. */
    FlatIndex comparable() {
      return texts == null ? index : texts;
    }
  }

  List<FlatIndex.Neighbour> nearest(CacheKey partition, float[] query, int k) {
    Partition found = get(partition);
    return found == null || found.index.dimensions() != query.length
        ? List.of()
        : found.index.nearest(query, k);
  }

  private synchronized @Nullable Partition get(CacheKey partition) {
    return partitions.get(partition);
  }

  /**
   * Adds or replaces a question.
   *
   * @param first its vector by the model in process
   * @param provided its vector by a provider's embedder when that makes the index, else null
   * @throws IllegalArgumentException when a vector has another length than those of the partition
   */
  synchronized void put(
      CacheKey partition, CacheKey key, byte[] first, byte @Nullable [] provided) {
    byte[] indexed = provided == null ? first : provided;
    if (first.length != OnnxModel.DIMENSIONS || indexed.length == 0) {
      throw new IllegalArgumentException(
          "vector: %d and %d dimensions (expected: %d and > 0)"
              .formatted(first.length, indexed.length, OnnxModel.DIMENSIONS));
    }
    Partition into = partitions.get(partition);
    if (into == null) {
      into = Partition.of(indexed.length, provided != null, maxVectors);
      partitions.put(partition, into);
    }
    int before = into.index.size();
    into.index.put(key, indexed);
    FlatIndex texts = into.texts;
    if (texts != null) {
      texts.put(key, first);
    }
    count(into, into.index.size() - before);
    Iterator<Partition> eldest = partitions.values().iterator();
    while (weight > maxVectors && partitions.size() > 1 && eldest.hasNext()) {
      Partition unused = eldest.next();
      count(unused, -unused.index.size());
      eldest.remove();
    }
  }

  private void count(Partition of, int more) {
    vectors += more;
    weight += (long) more * of.weight;
  }

  synchronized void remove(CacheKey partition, CacheKey key) {
    suspects.remove(key);
    Partition from = partitions.get(partition);
    if (from != null) {
      int before = from.index.size();
      from.index.remove(key);
      FlatIndex texts = from.texts;
      if (texts != null) {
        texts.remove(key);
      }
      count(from, from.index.size() - before);
      if (from.index.size() == 0) {
        partitions.remove(partition);
      }
    }
  }

  /** Returns the questions of all partitions that are at least so alike; compares all. */
  List<CacheKey> within(float[] query, double least) {
    List<Partition> now;
    synchronized (this) {
      now = List.copyOf(partitions.values());
    }
    List<CacheKey> found = new ArrayList<>();
    now.forEach(partition -> found.addAll(partition.comparable().within(query, least)));
    return found;
  }

  /** Returns a stored question and those of its partition that are like it. */
  List<CacheKey> around(CacheKey partition, CacheKey key) {
    Partition of = get(partition);
    byte[] vector = of == null ? null : of.comparable().vector(key);
    return of == null || vector == null
        ? List.of(key)
        : of.comparable().within(FlatIndex.restore(vector), ALIKE);
  }

  /** Returns the partition of a stored question, or null. */
  synchronized @Nullable CacheKey partitionOf(CacheKey key) {
    for (Map.Entry<CacheKey, Partition> entry : partitions.entrySet()) {
      if (entry.getValue().index.contains(key)) {
        return entry.getKey();
      }
    }
    return null;
  }

  /**
   * Marks a question whose answer is to be checked before it is served again. The newest count: of
   * more than can be remembered the oldest is served unchecked.
   */
  synchronized void suspect(CacheKey key) {
    suspects.remove(key);
    suspects.add(key);
    if (suspects.size() > MAX_SUSPECTS) {
      suspects.remove(suspects.iterator().next());
    }
  }

  /** Its answer was checked and was right. */
  synchronized void trust(CacheKey key) {
    suspects.remove(key);
  }

  synchronized boolean isSuspect(CacheKey key) {
    return suspects.contains(key);
  }

  synchronized long size() {
    return vectors;
  }
}

package io.penstock.cache.semantic;

import io.penstock.cache.CacheKey;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The indexes of this process, one per partition, bounded together: past the bound the partition
 * that was longest unused goes. Guarded by its own lock; searches hold only their partition's.
 */
final class Partitions {
  private final int dimensions;
  private final int maxVectors;
  private final LinkedHashMap<CacheKey, FlatIndex> indexes = new LinkedHashMap<>(16, 0.75f, true);
  private long total;

  Partitions(int dimensions, int maxVectors) {
    this.dimensions = dimensions;
    this.maxVectors = maxVectors;
  }

  List<FlatIndex.Neighbour> nearest(CacheKey partition, float[] query, int k) {
    FlatIndex index = get(partition);
    return index == null ? List.of() : index.nearest(query, k);
  }

  private synchronized @Nullable FlatIndex get(CacheKey partition) {
    return indexes.get(partition);
  }

  synchronized void put(CacheKey partition, CacheKey key, byte[] vector) {
    FlatIndex index =
        indexes.computeIfAbsent(partition, p -> new FlatIndex(dimensions, maxVectors));
    int before = index.size();
    index.put(key, vector);
    total += index.size() - before;
    Iterator<Map.Entry<CacheKey, FlatIndex>> eldest = indexes.entrySet().iterator();
    while (total > maxVectors && indexes.size() > 1 && eldest.hasNext()) {
      total -= eldest.next().getValue().size();
      eldest.remove();
    }
  }

  synchronized void remove(CacheKey partition, CacheKey key) {
    FlatIndex index = indexes.get(partition);
    if (index != null) {
      int before = index.size();
      index.remove(key);
      total += index.size() - before;
      if (index.size() == 0) {
        indexes.remove(partition);
      }
    }
  }

  synchronized long size() {
    return total;
  }
}

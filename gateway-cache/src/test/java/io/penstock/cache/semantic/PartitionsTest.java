package io.penstock.cache.semantic;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.cache.CacheKey;
import org.junit.jupiter.api.Test;

final class PartitionsTest {
  private static CacheKey key(int i) {
    return new CacheKey(i, 0, 0, 0);
  }

  @Test
  void suspect_moreThanAreRemembered_theNewestAreDoubted() {
    Partitions partitions = new Partitions(10);
    for (int i = 0; i <= Partitions.MAX_SUSPECTS; i++) {
      partitions.suspect(key(i));
    }

    assertThat(partitions.isSuspect(key(Partitions.MAX_SUSPECTS))).isTrue();
    assertThat(partitions.isSuspect(key(1))).isTrue();
    assertThat(partitions.isSuspect(key(0))).isFalse();
    partitions.trust(key(1));
    assertThat(partitions.isSuspect(key(1))).isFalse();
  }

  @Test
  void put_pastTheBound_dropsThePartitionLongestUnused() {
    Partitions partitions = new Partitions(2);
    byte[] vector = new byte[OnnxModel.DIMENSIONS];
    vector[0] = 1;
    float[] query = new float[OnnxModel.DIMENSIONS];
    query[0] = 1;
    partitions.put(key(1), key(11), vector, null);
    partitions.put(key(2), key(21), vector, null);
    assertThat(partitions.nearest(key(1), query, 1)).hasSize(1);

    partitions.put(key(3), key(31), vector, null);

    assertThat(partitions.nearest(key(2), query, 1)).isEmpty();
    assertThat(partitions.nearest(key(1), query, 1)).hasSize(1);
    assertThat(partitions.size()).isEqualTo(2);
  }
}

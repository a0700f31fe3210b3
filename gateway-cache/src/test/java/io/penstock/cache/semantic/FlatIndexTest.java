package io.penstock.cache.semantic;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.cache.CacheKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class FlatIndexTest {
  private static final int DIMENSIONS = 384;
  private final Random random = new Random(11);

  private float[] vector() {
    float[] vector = new float[DIMENSIONS];
    for (int i = 0; i < DIMENSIONS; i++) {
      vector[i] = (float) random.nextGaussian();
    }
    return Vectors.unit(vector);
  }

  private float[] near(float[] vector) {
    float[] near = vector.clone();
    for (int i = 0; i < DIMENSIONS; i++) {
      near[i] += (float) (random.nextGaussian() * 0.03);
    }
    return Vectors.unit(near);
  }

  private static CacheKey key(int i) {
    return new CacheKey(i, 1, 2, 3);
  }

  @Test
  void nearest_manyVectors_findsTheOneAskedFor() {
    FlatIndex index = new FlatIndex(DIMENSIONS, 100_000);
    List<float[]> vectors = new ArrayList<>();
    for (int i = 0; i < 3_000; i++) {
      float[] vector = vector();
      vectors.add(vector);
      index.put(key(i), FlatIndex.quantise(vector));
    }
    for (int i = 0; i < 3_000; i += 10) {
      float[] query = near(vectors.get(i));
      FlatIndex.Neighbour best = index.nearest(query, 1).getFirst();
      assertThat(best.key()).isEqualTo(key(i));
      assertThat(best.similarity())
          .isBetween(
              Vectors.dot(query, vectors.get(i)) - 0.01, Vectors.dot(query, vectors.get(i)) + 0.01);
    }
  }

  @Test
  void put_andRemove_againstAModel_agree() {
    FlatIndex index = new FlatIndex(DIMENSIONS, 50);
    float[][] vectors = new float[200][];
    List<Integer> present = new ArrayList<>();
    for (int step = 0; step < 1_000; step++) {
      int i = random.nextInt(200);
      if (present.size() < 50 && !present.contains(i)) {
        vectors[i] = vector();
        index.put(key(i), FlatIndex.quantise(vectors[i]));
        present.add(i);
      } else {
        index.remove(key(i));
        present.remove(/* element */ (Integer) i);
      }
      assertThat(index.size()).isEqualTo(present.size());
    }
    for (int i : present) {
      assertThat(index.nearest(vectors[i], 1).getFirst().key()).isEqualTo(key(i));
    }
  }

  @Test
  void put_full_reusesTheOldestSlot() {
    FlatIndex index = new FlatIndex(DIMENSIONS, 3);
    float[] first = vector();
    index.put(key(0), FlatIndex.quantise(first));
    for (int i = 1; i <= 3; i++) {
      index.put(key(i), FlatIndex.quantise(vector()));
    }

    assertThat(index.size()).isEqualTo(3);
    assertThat(index.nearest(first, 3)).extracting(FlatIndex.Neighbour::key).doesNotContain(key(0));
  }
}

package io.penstock.cache.semantic;

/** Arithmetic on unit vectors. */
final class Vectors {
  /** More than any embedder makes. */
  private static final int MAX_DIMENSIONS = 16_384;

  private Vectors() {}

  static float[] unit(float[] vector) {
    double squares = 0;
    for (float x : vector) {
      squares += (double) x * x;
    }
    float scale = squares == 0 ? 0 : (float) (1 / Math.sqrt(squares));
    float[] unit = new float[vector.length];
    for (int i = 0; i < unit.length; i++) {
      unit[i] = vector[i] * scale;
    }
    return unit;
  }

  /**
   * Returns the unit vector of one that came from elsewhere.
   *
   * @throws IllegalArgumentException when it is none
   */
  static float[] checkedUnit(float[] vector) {
    float[] unit = unit(vector);
    double squares = 0;
    for (float x : unit) {
      squares += (double) x * x;
    }
    if (vector.length == 0 || vector.length > MAX_DIMENSIONS || !(squares > 0.5)) {
      throw new IllegalArgumentException(
          "vector: "
              + vector.length
              + " dimensions of length "
              + Math.sqrt(squares)
              + " (expected: 1 to "
              + MAX_DIMENSIONS
              + " finite numbers, not all 0)");
    }
    return unit;
  }

  static float dot(float[] a, float[] b) {
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    for (int i = 0; i < a.length; i += 4) {
      s0 += a[i] * b[i];
      s1 += a[i + 1] * b[i + 1];
      s2 += a[i + 2] * b[i + 2];
      s3 += a[i + 3] * b[i + 3];
    }
    return s0 + s1 + s2 + s3;
  }
}

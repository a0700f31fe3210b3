package io.penstock.cache.semantic;

import io.penstock.cache.CacheKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Nearest neighbours in one partition: sign bits choose {@value #CANDIDATES} candidates by Hamming
 * distance, their 8-bit vectors are compared exactly. Faster than a graph up to a million vectors,
 * and a delete is a slot to reuse. About 500 bytes per vector. Confined by its own lock.
 */
final class FlatIndex {
  static final int CANDIDATES = 64;
  private static final int FIRST_SLOTS = 16;
  private static final int SCALE = 127;

  private final int dimensions;
  private final int words;
  private final int capacity;
  private final Map<CacheKey, Integer> slots = new HashMap<>();
  private @Nullable CacheKey[] keys = new CacheKey[FIRST_SLOTS];
  private long[] signs;
  private byte[] vectors;
  private int used;
  private int oldest;

  FlatIndex(int dimensions, int capacity) {
    this.dimensions = dimensions;
    this.words = (dimensions + 63) / 64;
    this.capacity = capacity;
    this.signs = new long[FIRST_SLOTS * words];
    this.vectors = new byte[FIRST_SLOTS * dimensions];
  }

  /** An entry proposed, with its cosine similarity. */
  record Neighbour(CacheKey key, double similarity) {}

  int dimensions() {
    return dimensions;
  }

  synchronized int size() {
    return slots.size();
  }

  synchronized boolean contains(CacheKey key) {
    return slots.containsKey(key);
  }

  synchronized byte @Nullable [] vector(CacheKey key) {
    Integer slot = slots.get(key);
    return slot == null
        ? null
        : Arrays.copyOfRange(vectors, slot * dimensions, (slot + 1) * dimensions);
  }

  /** Returns every entry that is at least so similar: compares all, for administration. */
  synchronized List<CacheKey> within(float[] query, double least) {
    byte[] quantised = quantise(query);
    double norm = norm(quantised, 0);
    List<CacheKey> found = new ArrayList<>();
    for (int slot = 0; slot < used; slot++) {
      CacheKey key = keys[slot];
      if (key != null && cosine(quantised, norm, slot * dimensions) >= least) {
        found.add(key);
      }
    }
    return found;
  }

  /** Adds or replaces; a full index reuses its slots in turn, oldest first. */
  synchronized void put(CacheKey key, byte[] vector) {
    if (vector.length != dimensions) {
      throw new IllegalArgumentException(
          "vector: " + vector.length + " dimensions (expected: " + dimensions + ")");
    }
    Integer slot = slots.get(key);
    if (slot == null) {
      slot = freeSlot();
      slots.put(key, slot);
      keys[slot] = key;
    }
    System.arraycopy(vector, 0, vectors, slot * dimensions, dimensions);
    long[] bits = signs(vector);
    System.arraycopy(bits, 0, signs, slot * words, words);
  }

  private int freeSlot() {
    if (used < capacity) {
      if (used == keys.length) {
        int larger = Math.min(capacity, used * 2);
        keys = Arrays.copyOf(keys, larger);
        signs = Arrays.copyOf(signs, larger * words);
        vectors = Arrays.copyOf(vectors, larger * dimensions);
      }
      return used++;
    }
    int slot = oldest;
    oldest = (oldest + 1) % capacity;
    CacheKey evicted = keys[slot];
    if (evicted != null) {
      slots.remove(evicted);
    }
    return slot;
  }

  /** Removes; the last slot moves into the gap, so that scans stay dense. */
  synchronized void remove(CacheKey key) {
    Integer slot = slots.remove(key);
    if (slot == null) {
      return;
    }
    int last = --used;
    CacheKey moved = keys[last];
    keys[last] = null;
    if (slot != last && moved != null) {
      keys[slot] = moved;
      slots.put(moved, slot);
      System.arraycopy(signs, last * words, signs, slot * words, words);
      System.arraycopy(vectors, last * dimensions, vectors, slot * dimensions, dimensions);
    }
  }

  /** Returns the nearest entries, best first, at most {@code k}. */
  synchronized List<Neighbour> nearest(float[] query, int k) {
    byte[] quantised = quantise(query);
    int[] candidates = candidates(signs(quantised));
    double norm = norm(quantised, 0);
    List<Neighbour> found = new ArrayList<>();
    for (int slot : candidates) {
      CacheKey key = keys[slot];
      if (key != null) {
        found.add(new Neighbour(key, cosine(quantised, norm, slot * dimensions)));
      }
    }
    found.sort((x, y) -> Double.compare(y.similarity(), x.similarity()));
    return found.size() > k ? List.copyOf(found.subList(0, k)) : found;
  }

  /** Returns the slots with the fewest differing sign bits, by counting distances. */
  private int[] candidates(long[] query) {
    int[] histogram = new int[dimensions + 1];
    short[] distances = new short[used];
    for (int slot = 0, at = 0; slot < used; slot++, at += words) {
      int distance = 0;
      for (int w = 0; w < words; w++) {
        distance += Long.bitCount(signs[at + w] ^ query[w]);
      }
      distances[slot] = (short) distance;
      histogram[distance]++;
    }
    int wanted = Math.min(CANDIDATES, used);
    int limit = 0;
    int below = 0;
    while (below + histogram[limit] < wanted) {
      below += histogram[limit++];
    }
    int[] slots = new int[wanted];
    int n = 0;
    int atLimit = wanted - below;
    for (int slot = 0; n < wanted; slot++) {
      if (distances[slot] < limit || (distances[slot] == limit && atLimit-- > 0)) {
        slots[n++] = slot;
      }
    }
    return slots;
  }

  private long[] signs(byte[] vector) {
    long[] bits = new long[words];
    for (int i = 0; i < dimensions; i++) {
      if (vector[i] > 0) {
        bits[i >> 6] |= 1L << (i & 63);
      }
    }
    return bits;
  }

  private double cosine(byte[] query, double norm, int from) {
    return dot(query, from) / Math.max(1, norm * norm(vectors, from));
  }

  private int dot(byte[] query, int from) {
    int sum = 0;
    for (int i = 0; i < dimensions; i++) {
      sum += query[i] * vectors[from + i];
    }
    return sum;
  }

  private double norm(byte[] of, int from) {
    int sum = 0;
    for (int i = 0; i < dimensions; i++) {
      sum += of[from + i] * of[from + i];
    }
    return Math.sqrt(sum);
  }

  /** Returns a unit vector in 8 bits, scaled to its largest component. */
  static byte[] quantise(float[] vector) {
    float largest = 1e-9f;
    for (float x : vector) {
      largest = Math.max(largest, Math.abs(x));
    }
    byte[] bytes = new byte[vector.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) Math.round(vector[i] / largest * SCALE);
    }
    return bytes;
  }

  /** Returns the unit vector that 8 bits stand for. */
  static float[] restore(byte[] bytes) {
    float[] vector = new float[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      vector[i] = bytes[i];
    }
    return Vectors.unit(vector);
  }
}

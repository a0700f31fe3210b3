package io.penstock.cache;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Entries on their way to Redis. Nobody waits for a store, so those of a few milliseconds travel
 * together: one wake-up, one command and one answer for all of a scope. What does not fit is
 * dropped, which is a miss. Thread-safe.
 */
final class StoreQueue {
  /** Of one script: it keeps Redis from everybody else for well under a millisecond. */
  private static final int MAX_TOGETHER = 32;

  private static final int MAX_TOGETHER_BYTES = 256 << 10;

  private final RedisTier tier;
  private final Executor soon;
  private final Executor background;
  private final Semaphore places;
  private final Queue<Parcel> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean isCalled = new AtomicBoolean();

  /**
   * Creates a queue.
   *
   * @param most entries between the gateway and Redis's answer
   */
  StoreQueue(RedisTier tier, ExactCache.Threads threads, int most) {
    this.tier = tier;
    this.soon = threads.soon();
    this.background = threads.background();
    this.places = new Semaphore(most);
  }

  /**
   * An entry as it goes.
   *
   * @param bytes encoded
   * @param taken told when Redis has it
   */
  record Parcel(
      CacheEntry entry, long generation, byte[] bytes, Consumer<? super CacheEntry> taken) {}

  /** Takes an entry; returns at once. {@code taken} hears of it once Redis has it, or never. */
  void add(CacheEntry entry, long generation, Consumer<? super CacheEntry> taken) {
    if (!places.tryAcquire()) {
      return;
    }
    try {
      if (EntryCodec.isQuick(entry)) {
        encode(entry, generation, taken);
      } else {
        background.execute(() -> encode(entry, generation, taken));
      }
    } catch (RejectedExecutionException full) {
      places.release();
    }
  }

  private void encode(CacheEntry entry, long generation, Consumer<? super CacheEntry> taken) {
    byte[] bytes;
    try {
      bytes = tier.encode(entry, generation);
    } catch (RuntimeException e) {
      places.release();
      throw e;
    }
    waiting.add(new Parcel(entry, generation, bytes, taken));
    if (isCalled.compareAndSet(false, true)) {
      try {
        soon.execute(this::send);
      } catch (RejectedExecutionException closing) {
        send();
      }
    }
  }

  private void send() {
    isCalled.set(false);
    Map<CacheScope, List<Parcel>> scopes = new LinkedHashMap<>();
    for (Parcel next = waiting.poll(); next != null; next = waiting.poll()) {
      scopes.computeIfAbsent(next.entry().identity().scope(), s -> new ArrayList<>()).add(next);
    }
    scopes.forEach(this::send);
  }

  private void send(CacheScope scope, List<Parcel> all) {
    int from = 0;
    while (from < all.size()) {
      int to = from;
      int bytes = 0;
      do {
        bytes += all.get(to++).bytes().length;
      } while (to < all.size() && to - from < MAX_TOGETHER && bytes < MAX_TOGETHER_BYTES);
      List<Parcel> together = all.subList(from, to);
      tier.store(scope, together).thenAccept(taken -> answered(together, taken));
      from = to;
    }
  }

  private void answered(List<Parcel> together, boolean[] taken) {
    places.release(together.size());
    for (int i = 0; i < taken.length; i++) {
      if (taken[i]) {
        Parcel parcel = together.get(i);
        parcel.taken().accept(parcel.entry());
      }
    }
  }
}

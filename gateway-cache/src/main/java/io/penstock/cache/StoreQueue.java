package io.penstock.cache;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Entries on their way to Redis. Nobody waits for a store, so those of some 40 ms travel together:
 * one wake-up, one command and one answer for all of a scope. They go at once when there are many,
 * or when somebody looks for one of them. What does not fit is dropped, which is a miss.
 * Thread-safe.
 */
final class StoreQueue {
  /** Of one script: it keeps Redis from everybody else for well under a millisecond. */
  private static final int MAX_TOGETHER = 32;

  private static final int MAX_TOGETHER_BYTES = 256 << 10;

  /** A larger entry takes a place for each that it has begun. */
  private static final int PLACE_BYTES = 16 << 10;

  private final RedisTier tier;
  private final Executor soon;
  private final Executor background;
  private final Semaphore places;
  private final Queue<Parcel> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waitingCount = new AtomicInteger();

  /** From their arrival here to Redis's answer. */
  private final Map<CacheKey, Parcel> underWay = new ConcurrentHashMap<>();

  private final AtomicBoolean isCalled = new AtomicBoolean();

  /**
   * Creates a queue.
   *
   * @param most places between the gateway and Redis's answer, of 16 KiB: an entry takes one or
   *     more
   */
  StoreQueue(RedisTier tier, ExactCache.Threads threads, int most) {
    this.tier = tier;
    this.soon = threads.soon();
    this.background = threads.background();
    this.places = new Semaphore(most);
  }

  /** An entry as it goes. */
  static final class Parcel {
    private final CacheEntry entry;
    private final long generation;
    private final Consumer<? super CacheEntry> taken;
    private final CompletableFuture<Void> over = new CompletableFuture<>();
    private volatile byte[] bytes = {};

    private Parcel(CacheEntry entry, long generation, Consumer<? super CacheEntry> taken) {
      this.entry = entry;
      this.generation = generation;
      this.taken = taken;
    }

    private int places() {
      return 1 + entry.body().length / PLACE_BYTES;
    }

    CacheEntry entry() {
      return entry;
    }

    long generation() {
      return generation;
    }

    /** Returns it encoded. */
    byte[] bytes() {
      return bytes;
    }
  }

  /** Takes an entry; returns at once. {@code taken} hears of it once Redis has it, or never. */
  void add(CacheEntry entry, long generation, Consumer<? super CacheEntry> taken) {
    Parcel parcel = new Parcel(entry, generation, taken);
    if (!places.tryAcquire(parcel.places())) {
      return;
    }
    underWay.put(entry.identity().key(), parcel);
    try {
      if (EntryCodec.isQuick(entry)) {
        encode(parcel);
      } else {
        background.execute(() -> encode(parcel));
      }
    } catch (RejectedExecutionException full) {
      over(parcel);
    }
  }

  /**
   * Sends what is under way at once if one of these keys is.
   *
   * @return completes when those are in Redis, or will not be; null when none is under way
   */
  @Nullable CompletionStage<Void> hurry(List<CacheKey> keys) {
    if (underWay.isEmpty()) {
      return null;
    }
    List<CompletableFuture<Void>> awaited = new ArrayList<>();
    for (CacheKey key : keys) {
      Parcel parcel = underWay.get(key);
      // One that is being compressed may take long: whoever asks for it asks the provider.
      if (parcel != null && parcel.bytes.length > 0) {
        awaited.add(parcel.over);
      }
    }
    if (awaited.isEmpty()) {
      return null;
    }
    send();
    return CompletableFuture.allOf(awaited.toArray(CompletableFuture[]::new));
  }

  private void over(Parcel parcel) {
    places.release(parcel.places());
    underWay.remove(parcel.entry.identity().key(), parcel);
    parcel.over.complete(null);
  }

  private void encode(Parcel parcel) {
    try {
      parcel.bytes = tier.encode(parcel.entry, parcel.generation);
    } catch (RuntimeException e) {
      over(parcel);
      throw e;
    }
    waiting.add(parcel);
    if (waitingCount.incrementAndGet() >= MAX_TOGETHER) {
      send();
    } else if (isCalled.compareAndSet(false, true)) {
      try {
        soon.execute(this::timed);
      } catch (RejectedExecutionException closing) {
        timed();
      }
    }
  }

  private void timed() {
    isCalled.set(false);
    send();
  }

  private void send() {
    Map<CacheScope, List<Parcel>> scopes = new LinkedHashMap<>();
    for (Parcel next = waiting.poll(); next != null; next = waiting.poll()) {
      waitingCount.decrementAndGet();
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
    try {
      for (int i = 0; i < taken.length; i++) {
        if (taken[i]) {
          Parcel parcel = together.get(i);
          parcel.taken.accept(parcel.entry);
        }
      }
    } finally {
      together.forEach(this::over);
    }
  }
}

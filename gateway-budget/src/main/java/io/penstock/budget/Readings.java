package io.penstock.budget;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * What a shared store was read to have as spent on counters of which no move has told lately. For
 * conditions and listings: nothing is granted by it. Thread-safe; its lock is held for a look-up.
 */
final class Readings {
  /** So long what was read is not read again. Milliseconds. */
  static final long FRESH = 10_000;

  /** So long after its last use a counter is known by the moves that told of it. Milliseconds. */
  static final long TOLD = 60_000;

  /** So long after a failure the same is not tried again. Milliseconds. */
  private static final long RETRY = 1_000;

  private static final int MOST = 10_000;
  private static final long NOTHING = -1;

  /**
   * What was read.
   *
   * @param told what moves had told by then, or {@link #NOTHING}: once they tell another, that wins
   */
  private record Read(long spent, long told) {}

  private static final class Reading {
    private long askedAt;
    private boolean failed;
    private @Nullable CompletableFuture<Void> pending;
    private @Nullable Read last;
  }

  private final BudgetStore store;
  private final long patience;
  private final LongAdder failures = new LongAdder();

  /** The one that was asked for longest ago comes first. */
  private final LinkedHashMap<CounterKey, Reading> lately = new LinkedHashMap<>();

  /**
   * Creates an empty one.
   *
   * @param patience how long a reading is waited for, milliseconds of the machine's clock
   */
  Readings(BudgetStore store, long patience) {
    this.store = store;
    this.patience = patience;
  }

  /** What moves have told to be spent, or {@link #NOTHING}. */
  private static long told(@Nullable Counter c) {
    if (c == null) {
      return NOTHING;
    }
    // First this, which is volatile and written last.
    long spent = c.allSpent;
    return c.isTold() ? spent : NOTHING;
  }

  /** Returns what was spent by all that is known here, less what the store was not told. */
  long spent(CounterKey key, @Nullable Counter c) {
    long told = told(c);
    Read read = last(key);
    long heard = c == null ? 0 : c.allSpent;
    if (read == null) {
      return heard;
    }
    if (told == NOTHING) {
      // Of one that a new owner carries over moves have told before, perhaps later than this.
      return Math.max(read.spent, heard);
    }
    return told == read.told ? read.spent : heard;
  }

  private synchronized @Nullable Read last(CounterKey key) {
    Reading found = lately.get(key);
    return found == null ? null : found.last;
  }

  /**
   * Reads the counter if nobody knows it: one reading for all who ask at the same time.
   *
   * @param c the counter if it is in memory
   * @param now milliseconds of the replica's clock
   * @return completes when it was read or cannot be, never with a failure; null: it is known
   */
  @Nullable CompletableFuture<Void> read(CounterKey key, @Nullable Counter c, long now) {
    long told = told(c);
    if (c != null && (told != NOTHING && c.unusedFor(now) < TOLD || c.isCarried())) {
      return null;
    }
    CompletableFuture<Void> pending = new CompletableFuture<>();
    synchronized (this) {
      Reading known = lately.get(key);
      if (known != null && known.pending != null) {
        return known.pending;
      }
      if (known != null && now - known.askedAt < (known.failed ? RETRY : FRESH)) {
        return null;
      }
      ask(key, known == null ? new Reading() : known, pending, now);
    }
    asked(key)
        .toCompletableFuture()
        .orTimeout(patience, TimeUnit.MILLISECONDS)
        .whenComplete((spent, failure) -> {
          heard(key, told, spent);
          pending.complete(null);
        });
    return pending.isDone() ? null : pending;
  }

  private CompletionStage<Long> asked(CounterKey key) {
    try {
      return store.spent(key);
    } catch (RuntimeException e) {
      // Whoever waits for this must hear of it.
      return CompletableFuture.failedStage(e);
    }
  }

  private void ask(CounterKey key, Reading reading, CompletableFuture<Void> pending, long now) {
    reading.askedAt = now;
    reading.pending = pending;
    lately.remove(key);
    Iterator<Reading> eldest = lately.values().iterator();
    // Two at most leave for one that comes: never many at once.
    for (int i = 0; i < 2 && eldest.hasNext(); i++) {
      if (now - eldest.next().askedAt > TOLD || lately.size() >= MOST) {
        eldest.remove();
      }
    }
    lately.put(key, reading);
  }

  private synchronized void heard(CounterKey key, long told, @Nullable Long spent) {
    if (spent == null) {
      failures.increment();
    }
    Reading reading = lately.get(key);
    if (reading == null) {
      return;
    }
    reading.pending = null;
    reading.failed = spent == null;
    if (spent != null) {
      reading.last = new Read(spent, told);
    }
  }

  /** Returns how many readings have failed or took too long. */
  long failures() {
    return failures.sum();
  }
}

package io.penstock.server.chaos;

import io.penstock.server.chaos.TallyingProvider.Use;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What clients saw, and whether a 402 was right: by what they know, at least so much was spent or
 * held that the call did not fit. Thread-safe.
 */
final class CallBook {
  /** How long after a fault, or after a call's end, money may still be on its way. */
  private static final long TRANSIT = TimeUnit.SECONDS.toNanos(5);

  private final long limit;
  private final long bound;
  private final AtomicLong numbers = new AtomicLong();
  private final Queue<Entry> limited = new ConcurrentLinkedQueue<>();
  private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
  private final AtomicLong served = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();
  private final AtomicLong judged = new AtomicLong();
  private final AtomicLong away = new AtomicLong();
  private final AtomicLong cut = new AtomicLong();
  private volatile boolean disturbed = true;
  private volatile long calmSince;

  /** A call on the limited budget. */
  private static final class Entry {
    private final long begun = System.nanoTime();

    /** What it holds at most. */
    private volatile long most;

    private volatile long ended = Long.MAX_VALUE;
  }

  /** One call under way, to be told its end. */
  final class Open {
    private final long number = numbers.incrementAndGet();
    private final boolean stream;
    private final Entry entry = new Entry();

    Open(boolean isLimited, boolean stream) {
      this.stream = stream;
      entry.most = bound;
      if (isLimited) {
        limited.add(entry);
      }
    }

    long number() {
      return number;
    }

    void served() {
      served.incrementAndGet();
      end(Use.of(number, stream).nanos());
    }

    /** Nobody knows what it cost: its bound at most. */
    void cut() {
      cut.incrementAndGet();
    }

    void answered(int status, String body) {
      if (status == 402 && body.contains("Budget limited ")) {
        refused.incrementAndGet();
        judge(entry, body);
        end(0);
      } else if (status == 503
          && (body.contains("budget_store_unavailable") || body.contains("draining"))) {
        away.incrementAndGet();
        end(0);
      } else {
        wrong.add("call " + number + ": " + status + " " + body);
        end(0);
      }
    }

    private void end(long cost) {
      entry.ended = System.nanoTime();
      entry.most = cost;
    }
  }

  /**
   * Creates an empty book.
   *
   * @param limit of the limited budget, nano-USD
   * @param bound of one call, nano-USD
   */
  CallBook(long limit, long bound) {
    this.limit = limit;
    this.bound = bound;
  }

  Open begin(boolean isLimited, boolean stream) {
    return new Open(isLimited, stream);
  }

  /** A fault begins: what a dead or unreachable replica was granted is withheld for now. */
  void disturbed() {
    disturbed = true;
  }

  /** It is over. */
  void calm() {
    calmSince = System.nanoTime();
    disturbed = false;
  }

  private void judge(Entry call, String body) {
    if (disturbed || call.begun - calmSince < TRANSIT) {
      return;
    }
    judged.incrementAndGet();
    long most = 0;
    for (Entry other : limited) {
      if (other != call) {
        most += call.begun - other.ended > TRANSIT ? other.most : bound;
      }
    }
    if (most + bound <= limit) {
      wrong.add("402 although at most %d of %d was used: %s".formatted(most, limit, body));
    }
  }

  /** What no client should have seen. */
  List<String> wrong() {
    return new ArrayList<>(wrong);
  }

  long served() {
    return served.get();
  }

  long refused() {
    return refused.get();
  }

  @Override
  public String toString() {
    return "%d calls: %d served, %d cut off, %d refused with 402 (%d judged), %d with 503"
        .formatted(numbers.get(), served.get(), cut.get(), refused.get(), judged.get(), away.get());
  }
}

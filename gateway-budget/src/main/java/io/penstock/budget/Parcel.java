package io.penstock.budget;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** One move: what is packed while it is built, and is kept until its answer. Replica's lock. */
final class Parcel {
  /** A call of the move: its index among the calls, and that of the take of each meter; or -1. */
  record Batched(Call call, int index, Request.Call request, int[] takes) {}

  private final Appetite appetite;
  private final Portions portions;
  private final int living;
  private final long now;
  private final long storeNow;
  private final List<Counter> counters = new ArrayList<>();
  private final List<Request.Entry> entries = new ArrayList<>();
  private final List<Request.Call> calls = new ArrayList<>();
  private final List<Batched> batch = new ArrayList<>();

  /**
   * Creates an empty one.
   *
   * @param living owners that were alive at the last answer
   */
  Parcel(Appetite appetite, Portions portions, int living, long now, long storeNow) {
    this.appetite = appetite;
    this.portions = portions;
    this.living = living;
    this.now = now;
    this.storeNow = storeNow;
  }

  /** Packs a call with all that it needs of counters, which are in memory, and of meters. */
  void add(Call call) {
    int[] index = new int[call.counters.length];
    long[] need = new long[index.length];
    long[] most = new long[index.length];
    int n = 0;
    for (int i = 0; i < index.length; i++) {
      if (!call.isForced(i)) {
        Counter c = call.counters[i];
        index[n] = add(c, true);
        most[n] = call.most(c);
        need[n++] = call.amount(c);
      }
    }
    int[] taken = new int[call.meters.length];
    for (int i = 0; i < taken.length; i++) {
      taken[i] =
          switch (call.meters[i]) {
            case Portion portion -> portions.ask(portion, call.metered(i), storeNow);
            case WholeRate whole -> -1;
          };
    }
    Request.Call request =
        new Request.Call(Arrays.copyOf(index, n), Arrays.copyOf(need, n), Arrays.copyOf(most, n));
    batch.add(new Batched(call, n == 0 ? -1 : calls.size(), request, taken));
    if (n > 0) {
      calls.add(request);
    }
  }

  /** Packs what the store has to hear of a counter. */
  void add(Counter c) {
    if (!c.isEvicted()) {
      add(c, false);
    }
  }

  private int add(Counter c, boolean asked) {
    if (holds(c)) {
      return c.index - 1;
    }
    boolean drain = appetite.isDrained(c, asked, now, storeNow);
    c.balance(drain);
    // Before the largest fades.
    long low = appetite.low(c, living);
    long extra = appetite.extra(c, asked, living, now, storeNow);
    // Read after the balance: a cost that comes in between is told next time.
    long spent = c.spent();
    entries.add(
        new Request.Entry(
            c.key,
            c.rule.shape.unit(),
            !c.attached,
            c.allowed,
            spent,
            c.rule.terms().limit(),
            low,
            extra,
            drain && c.attached,
            c.claim,
            c.rule.terms().alerts()));
    counters.add(c);
    c.index = counters.size();
    return c.index - 1;
  }

  boolean holds(Counter c) {
    return c.index > 0 && c.index <= counters.size() && counters.get(c.index - 1) == c;
  }

  boolean holds(Call call) {
    for (Batched b : batch) {
      if (b.call == call) {
        return true;
      }
    }
    return false;
  }

  /** How many counters are in it. */
  int size() {
    return counters.size();
  }

  boolean isEmpty() {
    return counters.isEmpty() && batch.isEmpty() && portions.isEmpty();
  }

  Request.Move request(long epoch, long owner, long fence) {
    return new Request.Move(epoch, owner, fence, entries, calls, portions.takes());
  }

  List<Counter> counters() {
    return counters;
  }

  List<Request.Entry> entries() {
    return entries;
  }

  List<Batched> batch() {
    return batch;
  }

  Portions portions() {
    return portions;
  }
}

package io.penstock.budget;

import io.penstock.budget.Request.Answer;
import io.penstock.budget.Request.Answer.Moved;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Packs what the store has to hear into one move, and takes its answer apart. Guarded by the
 * replica's lock.
 */
final class Moves {
  static final int MOST_COUNTERS = 500;
  private static final int MOST_CALLS = 64;
  private static final long RETRY = 15;

  private final Settings settings;
  private final Effects effects;
  private final Slices slices;
  private final Appetite appetite;
  private final ArrayDeque<Counter> urgent = new ArrayDeque<>();
  private List<Counter> counters = new ArrayList<>();
  private List<Request.Entry> entries = new ArrayList<>();
  private List<Batched> batch = new ArrayList<>();
  private Portions portions;
  private int living = 1;
  private int uncarried;

  /** A call of the move: its index among the calls, or -1; its takes, -1 where none is needed. */
  private record Batched(Call call, int index, Request.Call request, int[] takes) {}

  Moves(Settings settings, Effects effects, Slices slices) {
    this.settings = settings;
    this.effects = effects;
    this.slices = slices;
    this.appetite = new Appetite(settings);
    this.portions = new Portions(!settings.alone());
  }

  /** So many counters have to be told before anything may be reserved. */
  void carry(int count) {
    for (Counter c = urgent.poll(); c != null; c = urgent.poll()) {
      c.urgent = false;
    }
    uncarried = count;
  }

  boolean isCarried() {
    return uncarried <= 0;
  }

  @Override
  public String toString() {
    return "uncarried %d, urgent %d".formatted(uncarried, urgent.size());
  }

  boolean isUnderWay(Call call) {
    for (Batched b : batch) {
      if (b.call == call) {
        return true;
      }
    }
    return false;
  }

  void urge(Counter c) {
    if (!c.urgent) {
      c.urgent = true;
      urgent.add(c);
    }
  }

  /** The answer will not come: everything is told again. */
  void forget() {
    for (Counter c : counters) {
      c.lost = true;
      slices.soil(c);
      urge(c);
    }
    reset();
  }

  private void reset() {
    counters = new ArrayList<>();
    entries = new ArrayList<>();
    batch = new ArrayList<>();
    portions = new Portions(!settings.alone());
  }

  /** Tells at once of what others wait for. */
  void urgeTight() {
    slices.eachDirty(c -> {
      if (c.tight != 0) {
        urge(c);
      }
    });
  }

  /** Gives back all that is free, everywhere. */
  void drainAll() {
    for (Counter c : slices.all()) {
      c.balance(true);
      slices.soil(c);
    }
  }

  /** Lets an idle slice go back, and leave memory once that has been told. */
  void rest(Counter c, long now, long storeNow) {
    // One that is in the move under way may be granted something.
    if (appetite.isIdle(c, now, storeNow) && !isInMove(c)) {
      if (c.lost || c.free() != 0 || c.toldSpent != c.spent() || c.toldAllowed != c.allowed) {
        urge(c);
      } else {
        slices.evict(c);
      }
    }
  }

  private boolean isInMove(Counter c) {
    return c.index > 0 && c.index <= counters.size() && counters.get(c.index - 1) == c;
  }

  @Nullable Request build(
      long epoch,
      long owner,
      long fence,
      ArrayDeque<Call> waiting,
      boolean sync,
      long now,
      long storeNow) {
    List<Request.Call> calls = new ArrayList<>();
    for (Iterator<Call> i = waiting.iterator(); i.hasNext() && calls.size() < MOST_CALLS; ) {
      Call call = i.next();
      if (call.retryAt > now) {
        continue;
      }
      if (slices.take(call, now)) {
        i.remove();
        effects.complete(call, effects.granted(call));
      } else {
        pack(call, calls, now, storeNow);
      }
    }
    while (!urgent.isEmpty() && counters.size() < MOST_COUNTERS) {
      Counter c = urgent.poll();
      c.urgent = false;
      add(c, false, now, storeNow);
    }
    while (sync && counters.size() < MOST_COUNTERS) {
      Counter c = slices.nextDirty();
      if (c == null) {
        break;
      }
      add(c, false, now, storeNow);
    }
    if (counters.isEmpty() && batch.isEmpty()) {
      return null;
    }
    return new Request.Move(epoch, owner, fence, entries, calls, portions.takes());
  }

  private void pack(Call call, List<Request.Call> calls, long now, long storeNow) {
    int[] index = new int[call.counters.length];
    long[] need = new long[index.length];
    int n = 0;
    for (int i = 0; i < index.length; i++) {
      Counter c = call.counters[i];
      if (c.isEvicted()) {
        c = slices.resident(c.rule, c.key, now);
        call.counters[i] = c;
      }
      if (!call.isForced(i)) {
        index[n] = add(c, true, now, storeNow);
        need[n++] = call.amount(c);
      }
    }
    int[] taken = new int[call.meters.length];
    for (int i = 0; i < taken.length; i++) {
      taken[i] = portions.ask(call.meters[i], call.amount(call.meters[i]), storeNow);
    }
    Request.Call request = new Request.Call(Arrays.copyOf(index, n), Arrays.copyOf(need, n));
    batch.add(new Batched(call, n == 0 ? -1 : calls.size(), request, taken));
    if (n > 0) {
      calls.add(request);
    }
  }

  private int add(Counter c, boolean asked, long now, long storeNow) {
    if (isInMove(c)) {
      return c.index - 1;
    }
    if (c.isEvicted()) {
      return -1;
    }
    boolean drain = asked || c.tight != 0 || appetite.isIdle(c, now, storeNow);
    c.balance(drain);
    // Before the largest fades.
    long low = appetite.low(c, living);
    long extra = appetite.extra(c, asked, now);
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
            c.claim));
    counters.add(c);
    c.index = counters.size();
    return c.index - 1;
  }

  void apply(Moved moved, ArrayDeque<Call> waiting, long now, long storeNow) {
    living = Math.max(1, moved.living());
    // A grant belongs to its call: what calls were granted never becomes free in between.
    long[] booked = new long[counters.size()];
    for (Batched b : batch) {
      if (b.index >= 0 && moved.calls()[b.index] == Moved.GRANTED) {
        for (int i = 0; i < b.request.counter().length; i++) {
          booked[b.request.counter()[i]] += b.request.need()[i];
        }
      }
    }
    for (int i = 0; i < booked.length; i++) {
      told(counters.get(i), entries.get(i), moved.counters().get(i), booked[i]);
    }
    portions.granted(moved.takes(), storeNow);
    for (Batched b : batch) {
      int outcome = b.index < 0 ? Moved.GRANTED : moved.calls()[b.index];
      if (outcome == Moved.GRANTED) {
        book(b, moved, waiting, now);
      } else if (outcome == Moved.WAIT) {
        b.call.retryAt = now + 4 * RETRY;
      } else {
        refuse(b.call, outcome, moved.counters().get(outcome), waiting, now);
      }
    }
    for (int i = 0; i < counters.size(); i++) {
      Counter c = counters.get(i);
      Thresholds.raise(c, moved.counters().get(i), entries.get(i), effects, storeNow);
      if (Thresholds.claim(c)) {
        urge(c);
      }
    }
    reset();
  }

  private void told(Counter c, Request.Entry entry, Answer.State state, long booked) {
    if (c.toldAllowed < 0) {
      uncarried--;
    }
    if (entry.attach()) {
      c.attach(state.have(), state.spent(), booked);
      c.alerted |= state.taken();
      c.toldSpent = state.spent();
    } else {
      long granted = state.have() - entry.have();
      c.allowed += granted;
      c.give(granted - booked);
      c.toldSpent = entry.spent();
    }
    c.lost = false;
    c.toldAllowed = state.have();
    c.allUsed = state.used();
    c.allSpent = state.allSpent();
    c.tight = state.tight();
    if (c.tight != 0 && c.free() > 0) {
      urge(c);
    }
  }

  private void book(Batched b, Moved moved, ArrayDeque<Call> waiting, long now) {
    Call call = b.call;
    waiting.remove(call);
    for (int i = 0; i < call.meters.length; i++) {
      if (!call.meters[i].take(call.amount(call.meters[i]), call.at)) {
        Slices.giveMeters(call, i);
        for (int k = 0; k < b.request.counter().length; k++) {
          counters.get(b.request.counter()[k]).give(b.request.need()[k]);
        }
        unmetered(b, i, moved.takes().get(b.takes[i]), waiting, now);
        return;
      }
    }
    for (int i = 0; i < call.counters.length; i++) {
      Counter c = call.counters[i];
      if (call.isForced(i)) {
        c.take(call.amount(c), true);
      }
      c.use(call.amount(c), now);
      slices.soil(c);
    }
    effects.complete(call, effects.granted(call));
  }

  private void unmetered(Batched b, int i, Answer.Taken taken, ArrayDeque<Call> waiting, long now) {
    if (taken.granted() > 0) {
      // Somebody else used it meanwhile, rightly: ask again.
      b.call.retryAt = now;
      waiting.addFirst(b.call);
      return;
    }
    RateMeter meter = b.call.meters[i];
    boolean bound = i < 64 && (b.call.boundMeters >>> i & 1) != 0;
    effects.complete(
        b.call, new Verdict.RateLimited(meter.state(b.call.at), taken.retryMillis(), bound));
  }

  private void refuse(
      Call call, int index, Answer.State state, ArrayDeque<Call> waiting, long now) {
    Counter c = counters.get(index);
    if (state.waiting() > 0 || entries.get(index).attach()) {
      // Others may give something back; and what an attach answered may be enough.
      call.retryAt = entries.get(index).attach() ? now : now + RETRY;
      return;
    }
    waiting.remove(call);
    effects.complete(call, c.denied(call.amount(c)));
  }
}

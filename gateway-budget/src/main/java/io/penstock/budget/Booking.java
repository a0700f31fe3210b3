package io.penstock.budget;

import io.penstock.budget.Parcel.Batched;
import io.penstock.budget.Request.Answer;
import io.penstock.budget.Request.Answer.Moved;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;

/**
 * Books the answer to one move: grants into slices, outcomes to their calls. Replica's lock.
 *
 * @param parcel the move that was answered
 * @param moved its answer
 * @param waiting the calls that have no answer yet
 * @param urgent receives counters of which the store has to hear at once
 */
record Booking(
    Parcel parcel,
    Moved moved,
    ArrayDeque<Call> waiting,
    Effects effects,
    Slices slices,
    Consumer<Counter> urgent) {
  private static final long RETRY = 15;

  /** Books all of it; returns how many counters were told that a new owner carries over. */
  int apply(long now, long storeNow) {
    List<Counter> counters = parcel.counters();
    int carried = 0;
    // A grant belongs to its call: what calls were granted never becomes free in between.
    long[] booked = booked();
    for (int i = 0; i < booked.length; i++) {
      carried += counters.get(i).isCarried() ? 1 : 0;
      told(counters.get(i), parcel.entries().get(i), moved.counters().get(i), booked[i]);
    }
    parcel.portions().granted(moved.takes(), storeNow);
    for (Batched b : parcel.batch()) {
      int outcome = b.index() < 0 ? Moved.GRANTED : moved.calls()[b.index()];
      if (outcome == Moved.GRANTED) {
        book(b, now);
      } else if (outcome == Moved.WAIT) {
        b.call().retryAt = now + 4 * RETRY;
      } else {
        refuse(b, outcome, now);
      }
    }
    for (int i = 0; i < counters.size(); i++) {
      Counter c = counters.get(i);
      Thresholds.raise(c, moved.counters().get(i), parcel.entries().get(i), effects, storeNow);
      if (Thresholds.claim(c)) {
        urgent.accept(c);
      }
    }
    return carried;
  }

  private long[] booked() {
    long[] booked = new long[parcel.size()];
    for (Batched b : parcel.batch()) {
      if (b.index() >= 0 && moved.calls()[b.index()] == Moved.GRANTED) {
        for (int i = 0; i < b.request().counter().length; i++) {
          booked[b.request().counter()[i]] += b.request().need()[i];
        }
      }
    }
    return booked;
  }

  private void told(Counter c, Request.Entry entry, Answer.State state, long booked) {
    if (entry.attach()) {
      c.attach(state.have(), state.spent(), booked);
      c.toldSpent = state.spent();
      // What was counted before nobody has told: a budget that only warns waits for no answer.
      slices.soil(c);
    } else {
      long granted = state.have() - entry.have();
      c.allowed += granted;
      c.give(granted - booked);
      c.toldSpent = entry.spent();
    }
    c.lost = false;
    c.heard(state.have(), state.tight());
    c.allUsed = state.used();
    c.allSpent = state.allSpent();
    if (c.tight != 0 && c.free() > 0) {
      urgent.accept(c);
    }
  }

  private void book(Batched b, long now) {
    Call call = b.call();
    waiting.remove(call);
    for (int i = 0; i < call.meters.length; i++) {
      if (!call.meters[i].take(call.metered(i), call.at)) {
        Slices.giveMeters(call, i);
        for (int k = 0; k < b.request().counter().length; k++) {
          parcel.counters().get(b.request().counter()[k]).give(b.request().need()[k]);
        }
        unmetered(b, i, now);
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

  private void unmetered(Batched b, int i, long now) {
    Call call = b.call();
    RateMeter meter = call.meters[i];
    long retry =
        switch (meter) {
          case Portion portion -> retryMillis(moved.takes().get(b.takes()[i]));
          case WholeRate whole -> whole.retryMillis(call.metered(i), call.at);
        };
    if (retry == 0) {
      // Somebody else used it meanwhile, rightly: ask again.
      call.retryAt = now;
      waiting.addFirst(call);
      return;
    }
    boolean bound = i < 64 && (call.boundMeters >>> i & 1) != 0;
    effects.complete(
        call,
        new Verdict.RateLimited(
            meter.state(call.at), meter.window, call.metered(i), call.at, retry, bound));
  }

  private static long retryMillis(Answer.Taken taken) {
    return taken.granted() > 0 ? 0 : taken.retryMillis();
  }

  private void refuse(Batched b, int index, long now) {
    Call call = b.call();
    Counter c = parcel.counters().get(index);
    boolean attach = parcel.entries().get(index).attach();
    boolean waits = moved.counters().get(index).waiting() > 0 || attach;
    if (waits && mayFit(b.request(), index)) {
      // Others may give something back; and what an attach answered may be enough.
      call.retryAt = attach ? now : now + RETRY;
      return;
    }
    waiting.remove(call);
    effects.complete(call, c.denied(call.amount(c), call.most(c)));
  }

  /** Whether the call fits once all that is held is given back: what is spent nobody gives back. */
  private boolean mayFit(Request.Call request, int index) {
    for (int i = 0; i < request.counter().length; i++) {
      if (request.counter()[i] == index) {
        long need = request.need()[i];
        long most = request.most()[i];
        return need <= most && moved.counters().get(index).allSpent() <= most - need;
      }
    }
    return true;
  }
}

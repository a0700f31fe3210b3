package io.penstock.budget;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.function.Predicate;

/**
 * Calls that the slices could not serve, until they are answered. Guarded by the replica's lock.
 */
final class Waiting {
  /** How often they have to be looked at. Milliseconds. */
  static final long LOOK = 10;

  /** What the store can do for those that wait. */
  enum Store {
    AWAY("budget store is away"),
    /** It has no data, or has lost them: replicas tell it what they hold before it grants. */
    REBUILDING("budget store is new or has lost its data, and opens within seconds"),
    OPEN("budgets are being called back");

    private final String why;

    Store(String why) {
      this.why = why;
    }

    static Store of(boolean linked, boolean open) {
      if (!linked) {
        return AWAY;
      }
      return open ? OPEN : REBUILDING;
    }
  }

  private final Settings settings;
  private final Effects effects;
  private final Slices slices;
  private final ArrayDeque<Call> calls = new ArrayDeque<>();

  Waiting(Settings settings, Effects effects, Slices slices) {
    this.settings = settings;
    this.effects = effects;
    this.slices = slices;
  }

  void add(Call call, long now) {
    call.giveUpAt = now + settings.callTimeout();
    call.retryAt = now;
    calls.add(call);
  }

  /** Returns them, oldest first; whoever answers one takes it out. */
  ArrayDeque<Call> calls() {
    return calls;
  }

  /**
   * Answers those that have waited too long.
   *
   * @param idle whether nobody is asked about a call right now
   * @param living replicas that share the store
   */
  void expire(Predicate<Call> idle, Store store, int living, long now) {
    for (Iterator<Call> i = calls.iterator(); i.hasNext(); ) {
      Call call = i.next();
      if (idle.test(call) && now >= call.giveUpAt) {
        i.remove();
        giveUp(call, store, living, now);
      }
    }
  }

  private void giveUp(Call call, Store store, int living, long now) {
    if (settings.outage() == Outage.SHARE && slices.take(call, now, living)) {
      // Of rates each replica has its part, though the store does not answer.
      effects.complete(call, effects.granted(call));
    } else if (settings.outage() == Outage.ALLOW && store == Store.AWAY) {
      slices.force(call, now);
      effects.complete(call, effects.granted(call));
    } else {
      effects.complete(
          call,
          new Verdict.Unavailable(store == Store.AWAY ? settings.heartbeat() : 1_000, store.why));
    }
  }
}

package io.penstock.budget;

import io.penstock.budget.Request.Answer;
import io.penstock.budget.Request.Answer.Moved;
import io.penstock.budget.Request.Answer.Taken;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The store in process: what the Redis scripts do, once more, in Java. It serves a gateway without
 * Redis, is the store of the simulation, and is what the scripts are compared with. Guarded by
 * whoever calls it.
 */
final class MemoryStore {
  private final long quarantine;
  private final boolean alone;
  private long epoch;
  private long born;
  private boolean open;
  private long lastOwner;
  private final Leases leases;
  private final Table<CounterKey, StoredCounter> counters = new Table<>(c -> c.key);

  /** What keys have in common: the ledger tells each of them with a copy of its own. */
  private final Map<CounterKey.Series, CounterKey.Series> series = new HashMap<>();

  private final Map<UUID, SlidingRate> rates = new HashMap<>();

  /**
   * Creates an empty store.
   *
   * @param leaseMillis how long an owner lives without a heartbeat
   * @param quarantineMillis how long after a loss it waits for owners to tell what they hold
   * @param alone there is one replica only: it is granted everything, and nothing has to be waited
   *     for before the first grant
   */
  MemoryStore(long leaseMillis, long quarantineMillis, boolean alone) {
    this.leases = new Leases(leaseMillis);
    this.quarantine = quarantineMillis;
    this.alone = alone;
  }

  /** Loses everything, as a flush does. */
  void flush() {
    epoch = 0;
    open = false;
    leases.clear();
    counters.clear();
    series.clear();
    rates.clear();
  }

  Answer apply(Request request, long now) {
    if (request instanceof Request.Hello hello) {
      return hello(hello, now);
    }
    if (request.epoch() != epoch || epoch == 0) {
      return new Answer.Stale(epoch);
    }
    return switch (request) {
      case Request.Move move -> move(move, now);
      case Request.Reap reap -> reap(reap, now);
      case Request.Close close -> close(close, now);
      case Request.Ledger ledger -> ledger(ledger, now);
      case Request.Hello hello -> throw new IllegalStateException(hello.toString());
    };
  }

  private Answer hello(Request.Hello hello, long now) {
    if (epoch == 0) {
      epoch = Owners.epochAt(now, lastOwner);
      lastOwner = epoch;
      born = now;
      open = alone;
    }
    if (hello.epoch() != epoch) {
      return new Answer.Stale(epoch);
    }
    long owner = hello.owner() == 0 ? leases.next(epoch) : hello.owner();
    if (leases.hasEnded(owner)) {
      return new Answer.Gone(epoch);
    }
    if (leases.fence(owner) > hello.fence()) {
      return new Answer.Fenced();
    }
    leases.greet(hello, owner, now);
    if (!open && now >= born + quarantine) {
      open = leases.areReady(now);
    }
    return new Answer.Welcome(epoch, owner, now, open, leases.expired(now));
  }

  private Answer move(Request.Move move, long now) {
    long owner = move.owner();
    if (leases.fence(owner) != move.fence()) {
      return new Answer.Fenced();
    }
    leases.renew(owner, now);
    List<StoredCounter> touched = new ArrayList<>(move.counters().size());
    for (Request.Entry entry : move.counters()) {
      StoredCounter c = counter(entry.key(), entry.unit(), now);
      c.tell(owner, entry);
      touched.add(c);
    }
    boolean[] refused = new boolean[touched.size()];
    double[] keep = new double[touched.size()];
    Arrays.fill(keep, Double.POSITIVE_INFINITY);
    int[] calls = new int[move.calls().size()];
    for (int i = 0; i < calls.length; i++) {
      calls[i] = open ? grant(move, move.calls().get(i), touched) : Moved.WAIT;
      if (calls[i] >= 0) {
        refused[calls[i]] = true;
        int at = calls[i];
        long limit = move.counters().get(at).limit();
        keep[at] = Math.min(keep[at], keep(move.calls().get(i), at, touched.get(at), limit));
      }
    }
    int living = leases.living(now);
    List<Answer.State> states = new ArrayList<>(touched.size());
    for (int i = 0; i < refused.length; i++) {
      StoredCounter c = touched.get(i);
      Request.Entry entry = move.counters().get(i);
      Answer.State state = finish(owner, c, entry, refused[i], living, now);
      if (keep[i] < Double.POSITIVE_INFINITY && state.waiting() > 0) {
        c.keepRecall(keep[i], now, now + leases.millis() / 10);
      }
      states.add(state);
    }
    List<Taken> takes = new ArrayList<>(move.takes().size());
    for (Request.Take take : move.takes()) {
      SlidingRate rate = rates.computeIfAbsent(take.id(), id -> new SlidingRate());
      takes.add(rate.take(take, now, 2L * living));
    }
    return new Moved(open, living, states, calls, takes, leases.expired(now));
  }

  private static int grant(Request.Move move, Request.Call call, List<StoredCounter> touched) {
    for (int i = 0; i < call.counter().length; i++) {
      int index = call.counter()[i];
      StoredCounter c = touched.get(index);
      long need = call.need()[i];
      long most = call.most()[i];
      // What needs nothing of a budget is not refused by it, however far it is over.
      if (need == 0 || (need <= most && c.used <= most - need)) {
        c.add(move.owner(), need);
      } else {
        for (int j = 0; j < i; j++) {
          touched.get(call.counter()[j]).add(move.owner(), -call.need()[j]);
        }
        return index;
      }
    }
    return Moved.GRANTED;
  }

  /**
   * Returns what may be used when a call that was refused is to fit under a limit, or infinity when
   * it does not fit even if all that is held is given back. Doubles, as below.
   */
  private static double keep(Request.Call call, int index, StoredCounter c, long limit) {
    for (int i = 0; i < call.counter().length; i++) {
      double need = call.need()[i];
      if (call.counter()[i] == index && (double) c.spent + need <= (double) call.most()[i]) {
        return (double) limit - need;
      }
    }
    return Double.POSITIVE_INFINITY;
  }

  private Answer.State finish(
      long owner, StoredCounter c, Request.Entry entry, boolean refused, int living, long now) {
    // As in the script, where numbers are doubles: it sizes an offer, which is then compared
    // exactly.
    double room = (double) entry.limit() - (double) c.used;
    double common = Math.min((double) entry.limit(), c.kept(now)) - (double) c.used;
    if (c.tight() == 0 && (refused || room < entry.low())) {
      c.recall(leases, now, entry.drained() ? owner : 0);
    } else if (c.tight() != 0 && !refused && common > 2.0 * entry.low()) {
      c.relax();
    }
    if (c.tight() == 0 && open && room > 0) {
      double share = Math.min((double) entry.extra(), Math.floor(room / (2.0 * living)));
      offer(owner, c, entry, (long) share);
    }
    return c.state(owner, entry, leases, now);
  }

  private void offer(long owner, StoredCounter c, Request.Entry entry, long share) {
    long room = entry.limit() - c.used;
    if (alone) {
      c.add(owner, Math.min(entry.extra(), room));
    } else if (share >= 1 && share <= room) {
      c.add(owner, share);
    }
  }

  private Answer reap(Request.Reap reap, long now) {
    long owner = reap.owner();
    if (reap.done()) {
      if (leases.hasEnded(owner)) {
        leases.drop(owner);
      }
      return new Answer.Done();
    }
    if (!leases.isExpired(owner, now)) {
      return new Answer.Reaped(owner, List.of());
    }
    leases.reap(owner, now);
    List<Charge> totals = new ArrayList<>();
    for (StoredCounter c : counters) {
      if (c.chargeInFull(owner)) {
        totals.add(new Charge(c.key, owner, c.have(owner)));
      }
    }
    if (totals.isEmpty()) {
      leases.drop(owner);
    }
    return new Answer.Reaped(owner, totals);
  }

  private Answer close(Request.Close close, long now) {
    long owner = close.owner();
    boolean again = leases.close(owner);
    Map<CounterKey, Long> sums = new HashMap<>();
    for (LedgerPart part : close.totals()) {
      sums.put(part.counter(), part.sum());
      counter(part.counter(), Limit.Unit.NANO_USD, now);
    }
    for (StoredCounter c : counters) {
      // Told again, it is right where the ledger says so, and was right elsewhere.
      if (!again || sums.containsKey(c.key)) {
        c.settle(owner, sums.getOrDefault(c.key, 0L));
      }
    }
    return new Answer.Done();
  }

  private Answer ledger(Request.Ledger ledger, long now) {
    for (LedgerPart part : ledger.parts()) {
      counter(part.counter(), Limit.Unit.NANO_USD, now).ledger(part.version(), part.sum());
    }
    return new Answer.Done();
  }

  /** Forgets counters whose window is over, and rates that are at rest. */
  void sweep(long now) {
    counters.removeIf(c -> c.isOver(now));
    series.values().removeIf(s -> s.end() < now - 86_400_000L);
    rates.values().removeIf(r -> r.isAtRest(now));
  }

  @Nullable StoredCounter counter(UUID id) {
    return counters.get(CounterKey.probe(id));
  }

  private StoredCounter counter(CounterKey key, Limit.Unit unit, long now) {
    CounterKey.Series common = series.computeIfAbsent(key.series(), s -> s);
    StoredCounter counter =
        counters.compute(key, c -> c != null ? c : new StoredCounter(key.in(common), unit));
    counter.changed(now);
    return counter;
  }

  Iterable<StoredCounter> counters() {
    return counters;
  }

  boolean isOpen() {
    return open;
  }

  long epoch() {
    return epoch;
  }

  long fence(long owner) {
    return leases.fence(owner);
  }
}

package io.penstock.budget;

import io.penstock.budget.Request.Answer;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.UUID;

/**
 * One history, from a seed: replicas that run the real {@link Replica}, {@link Slices} and {@link
 * Reservation}, the store, a network that delays, loses, repeats and delivers late, and faults:
 * crashes with and without import, pauses, partitions, broken connections, flushes. Invariants are
 * checked after every step; a violation is an {@link AssertionError} that names the seed.
 */
final class Simulation {
  /** What may happen. */
  enum Mode {
    CALM,
    /** Messages are lost, repeated, late. */
    NETWORK,
    /** And replicas crash, pause, are cut off. */
    FAULTS,
    /** And the store loses its data. */
    LOSS
  }

  /** What is broken on purpose. */
  enum Bug {
    NONE,
    SETTLE_TWICE,
    NO_FENCE,
    NO_QUARANTINE,
    NO_RECALL,
    CHECK_THEN_CHARGE
  }

  private record Event(long at, long number, Runnable run) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      return at != other.at ? Long.compare(at, other.at) : Long.compare(number, other.number);
    }
  }

  static final long LEASE = 200;
  static final long DELAY = 6;
  private static final long LENGTH = 450;
  // The store's clock is not the replicas'.
  private static final long STORE_TIME = 1_700_000_000_000L;

  final long seed;
  final Random random;
  final Mode mode;
  final Bug bug;
  final SimLedger ledger = new SimLedger();
  final MemoryStore store;

  /** Of a move: in every other history one, so that telling all takes several. */
  final int counters;

  final List<Rule> rules = new ArrayList<>();
  final List<SimReplica> replicas = new ArrayList<>();
  final Map<UUID, Long> spent = new HashMap<>();
  final Map<UUID, Long> deadHeld = new HashMap<>();
  final Map<UUID, Long> excused = new HashMap<>();

  /** Of what is spent and what the dead held, that of calls which nothing had sent elsewhere. */
  final Map<UUID, Long> ordinary = new HashMap<>();

  long now = 1_000;
  boolean quiet;
  int granted;
  int denied;
  int unavailable;
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private long number;

  Simulation(long seed, Mode mode, Bug bug) {
    this.seed = seed;
    this.random = new Random(seed * 0x9E3779B97F4A7C15L + 1);
    this.mode = mode;
    this.bug = bug;
    this.counters = (seed / Mode.values().length) % 2 == 0 ? 500 : 1;
    this.store = new MemoryStore(LEASE, bug == Bug.NO_QUARANTINE ? 0 : LEASE + LEASE / 20, false);
    long[] limits = {500, 2_000, 20_000};
    int count = 1 + random.nextInt(3);
    for (int i = 0; i < count; i++) {
      rules.add(
          new Rule(
              new Rule.Shape("b" + i, -1, Limit.Unit.NANO_USD, List.of(), Window.Every.TOTAL),
              new Rule.Terms(
                  limits[random.nextInt(3)], List.of(50), over(), false, ZoneOffset.UTC)));
    }
    int several = 2 + random.nextInt(2);
    for (int i = 0; i < several; i++) {
      replicas.add(new SimReplica(this));
    }
  }

  /** Some send calls to another model, which may go on up to a share of the limit. */
  private Over over() {
    return random.nextInt(3) == 0 ? new Over.Use("other", 120) : Over.DENY;
  }

  void at(long delay, Runnable run) {
    events.add(new Event(now + Math.max(0, delay), number++, run));
  }

  long storeNow() {
    return STORE_TIME + now;
  }

  boolean chance(double p) {
    return random.nextDouble() < p;
  }

  long uniform(long from, long to) {
    return from + random.nextLong(to - from + 1);
  }

  /** Runs the history to its end; throws what it finds. */
  void run() {
    try {
      replicas.forEach(SimReplica::start);
      at(uniform(30, 200), this::fault);
      until(now + LENGTH);
      quiet = true;
      for (SimReplica r : replicas) {
        r.heal();
      }
      until(now + 6 * LEASE);
      settled();
    } catch (AssertionError | RuntimeException e) {
      StringBuilder all = new StringBuilder();
      rules.forEach(rule -> all.append("\n  ").append(describe(key(rule).id())));
      throw new AssertionError(
          "seed %d, %s, %s, at %d: %s: %s".formatted(seed, mode, bug, now, e, all), e);
    }
  }

  private void until(long end) {
    while (!events.isEmpty() && events.element().at <= end) {
      Event next = events.remove();
      now = next.at;
      next.run.run();
      check();
    }
    now = end;
  }

  /** I1: spent and held, over all replicas living and dead, never pass the limit or deny_at. */
  private void check() {
    for (Rule rule : rules) {
      UUID id = key(rule).id();
      long sum = spent.getOrDefault(id, 0L) + deadHeld.getOrDefault(id, 0L);
      for (SimReplica r : replicas) {
        sum += r.held(id);
      }
      long most = rule.terms().redirectedMost() + excused.getOrDefault(id, 0L);
      if (sum > most) {
        throw new AssertionError(
            "I1: %s spent and held %d of %d".formatted(rule.shape.name(), sum, most));
      }
      ordinary(rule, id);
    }
  }

  /** What the redirected give back is not for the others, whose limit is the budget's. */
  private void ordinary(Rule rule, UUID id) {
    long sum = ordinary.getOrDefault(id, 0L);
    for (SimReplica r : replicas) {
      sum += r.heldOrdinarily(id);
    }
    long most = rule.terms().limit() + excused.getOrDefault(id, 0L);
    if (sum > most) {
      throw new AssertionError(
          "I1: %s spent and held %d of %d without what was redirected"
              .formatted(rule.shape.name(), sum, most));
    }
  }

  /** I2, I4, I6: after all is quiet the store, the ledger and what was really spent agree. */
  private void settled() {
    for (SimReplica r : replicas) {
      r.quiesced();
    }
    for (Rule rule : rules) {
      UUID id = key(rule).id();
      long truth = spent.getOrDefault(id, 0L);
      expect("I6: the ledger has", truth, ledger.total(id));
      StoredCounter c = store.counter(id);
      if (c != null) {
        long free = 0;
        for (SimReplica r : replicas) {
          free += r.free(id);
        }
        expect("I2: the store has spent", truth, c.spent);
        expect("I4: the store has used", truth + free, c.used);
      }
    }
  }

  private static void expect(String what, long expected, long actual) {
    if (expected != actual) {
      throw new AssertionError("%s %d (expected: %d)".formatted(what, actual, expected));
    }
  }

  CounterKey key(Rule rule) {
    return CounterKey.of(
        rule.shape.name(), -1, rule.shape.unit(), List.of(), "", Window.Span.TOTAL);
  }

  /** I5: a refusal is right if, by all that happened lately, the money was not there. */
  void denied(CounterKey key, long need, long limit) {
    denied++;
    if (mode != Mode.CALM) {
      return;
    }
    // A little later: what was granted to others just before may still be on its way to them.
    long since = now - 8 * DELAY;
    at(2 * DELAY, () -> justify(key.id(), need, limit, since));
  }

  private void justify(UUID id, long need, long limit, long since) {
    long most = 0;
    for (SimReplica r : replicas) {
      most += r.mostHeld(id, since);
    }
    if (most + need <= limit) {
      throw new AssertionError(
          "I5: refused %d of %d although at most %d was used".formatted(need, limit, most));
    }
  }

  private String describe(UUID id) {
    StringBuilder all = new StringBuilder();
    StoredCounter c = store.counter(id);
    if (c != null) {
      all.append("store used %d spent %d tight %d".formatted(c.used, c.spent, c.tight()));
    }
    for (SimReplica r : replicas) {
      all.append("; ").append(r.describe(id, c));
    }
    return all.toString();
  }

  private void fault() {
    if (quiet || mode.compareTo(Mode.FAULTS) < 0) {
      return;
    }
    at(uniform(20, 200), this::fault);
    SimReplica r = replicas.get(random.nextInt(replicas.size()));
    int kind = random.nextInt(100);
    if (kind < 25) {
      r.crash();
    } else if (kind < 45) {
      r.pause(uniform(2, 2 * LEASE));
    } else if (kind < 65) {
      r.cutOff(uniform(2, 5 * LEASE / 2));
    } else if (kind < 80) {
      r.dropConnection();
    } else if (mode == Mode.LOSS) {
      flush();
    }
  }

  private void flush() {
    store.flush();
    replicas.forEach(SimReplica::dropConnection);
  }

  /** What is excused: what nobody could tell before a store that had lost its data opened. */
  private void excuse() {
    for (Rule rule : rules) {
      UUID id = key(rule).id();
      excused.merge(id, deadHeld.getOrDefault(id, 0L), Long::sum);
      for (SimReplica r : replicas) {
        excused.merge(id, r.untold(id), Long::sum);
      }
    }
  }

  Answer apply(Request request) {
    boolean before = store.isOpen();
    Answer answer = execute(request);
    if (bug != Bug.NO_QUARANTINE && !before && store.isOpen()) {
      excuse();
    }
    return answer;
  }

  private Answer execute(Request request) {
    return switch (bug) {
      case NO_FENCE -> store.apply(unfenced(request), storeNow());
      case NO_RECALL -> withoutRecall(store.apply(request, storeNow()));
      case CHECK_THEN_CHARGE -> checkOnly(request);
      default -> store.apply(request, storeNow());
    };
  }

  private Request unfenced(Request request) {
    return request instanceof Request.Move m
        ? new Request.Move(
            m.epoch(), m.owner(), store.fence(m.owner()), m.counters(), m.calls(), m.takes())
        : request;
  }

  private static Answer withoutRecall(Answer answer) {
    if (!(answer instanceof Answer.Moved m)) {
      return answer;
    }
    List<Answer.State> states = new ArrayList<>();
    for (Answer.State s : m.counters()) {
      states.add(
          new Answer.State(
              s.have(), s.spent(), s.used(), s.allSpent(), 0, 0, s.won(), s.taken(), s.given()));
    }
    return new Answer.Moved(m.open(), m.living(), states, m.calls(), m.takes(), m.expired());
  }

  /** Looks whether it fits, and leaves the charge to the next message. */
  private Answer checkOnly(Request request) {
    Answer answer = store.apply(request, storeNow());
    if (!(request instanceof Request.Move move) || !(answer instanceof Answer.Moved moved)) {
      return answer;
    }
    List<Answer.State> states = new ArrayList<>(moved.counters());
    for (int i = 0; i < move.calls().size(); i++) {
      Request.Call call = move.calls().get(i);
      for (int j = 0; j < call.counter().length && moved.calls()[i] == -1; j++) {
        int at = call.counter()[j];
        StoredCounter c = store.counter(move.counters().get(at).key().id());
        java.util.Objects.requireNonNull(c).add(move.owner(), -call.need()[j]);
        Answer.State s = states.get(at);
        states.set(
            at,
            new Answer.State(
                s.have() - call.need()[j],
                s.spent(),
                s.used() - call.need()[j],
                s.allSpent(),
                s.tight(),
                s.waiting(),
                s.won(),
                s.taken(),
                s.given()));
      }
    }
    return new Answer.Moved(
        moved.open(), moved.living(), states, moved.calls(), moved.takes(), moved.expired());
  }
}

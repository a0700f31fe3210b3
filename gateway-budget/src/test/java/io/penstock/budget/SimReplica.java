package io.penstock.budget;

import io.penstock.budget.Request.Answer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** One process of a simulation, over all its lives: its journal outlives it. */
final class SimReplica implements Effects, Reservation.Home {
  private record Change(long at, long value) {}

  /** A reservation with the holds that its intent listed. */
  private record Open(Reservation reservation, List<Charge> intent) {}

  private final Simulation sim;
  private final Settings settings;
  private final List<Charge> journal = new ArrayList<>();
  private final Set<Long> owners = new LinkedHashSet<>();
  private final Set<Long> graves = new LinkedHashSet<>();
  private final Set<Open> open = new LinkedHashSet<>();
  private final Map<UUID, Long> imported = new HashMap<>();
  private final Map<UUID, List<Change>> history = new HashMap<>();
  private final List<Rule> rules = new ArrayList<>();
  private Slices slices = new Slices();
  private Replica replica;
  private boolean dead;
  private int life;
  private int connection;
  private long pausedUntil;
  private long cutUntil;
  private boolean connected;

  SimReplica(Simulation sim) {
    this.sim = sim;
    this.settings =
        new Settings(
            Simulation.LEASE, Simulation.LEASE, 60, 100, 40, Outage.SHARE, false, sim.counters);
    this.replica = new Replica(settings, this, slices);
    configure();
  }

  /** Each life has rules of its own: they know its counters. */
  private void configure() {
    rules.clear();
    sim.rules.forEach(r -> rules.add(new Rule(r.shape, r.terms())));
  }

  void start() {
    at(sim.uniform(0, 5), this::connect);
    at(sim.uniform(0, 5), this::client);
    at(10, this::tick);
  }

  // --- time: nothing happens in a process that is dead, everything is late in one that is paused

  private void at(long delay, Runnable run) {
    int mine = life;
    sim.at(delay, () -> awake(mine, run));
  }

  private void awake(int mine, Runnable run) {
    if (dead || mine != life) {
      return;
    }
    if (sim.now < pausedUntil) {
      sim.at(pausedUntil - sim.now + 1, () -> awake(mine, run));
      return;
    }
    run.run();
  }

  private void tick() {
    replica.tick(sim.now);
    pump();
    at(10, this::tick);
  }

  // --- network

  private boolean isCut() {
    return sim.now < cutUntil;
  }

  private void connect() {
    if (connected) {
      return;
    }
    if (isCut()) {
      at(10, this::connect);
      return;
    }
    connection++;
    connected = true;
    replica.connected(sim.now);
    pump();
  }

  void dropConnection() {
    if (dead) {
      return;
    }
    connected = false;
    connection++;
    replica.broken();
    at(sim.uniform(1, 20), this::connect);
  }

  private void pump() {
    if (!connected) {
      return;
    }
    Request request = replica.next(sim.now);
    if (request != null) {
      transmit(request);
    }
  }

  private void transmit(Request request) {
    int over = connection;
    int mine = life;
    long nth = replica.sent();
    boolean lossy = sim.mode != Simulation.Mode.CALM && sim.chance(0.01);
    boolean cut = isCut();
    if (lossy || cut) {
      // What a broken connection had under way may arrive long after; or never.
      if (sim.chance(0.5)) {
        sim.at(sim.uniform(1, 2 * Simulation.LEASE), () -> sim.apply(request));
      }
    } else {
      sim.at(
          sim.uniform(0, Simulation.DELAY),
          () -> {
            Answer answer = sim.apply(request);
            if (sim.mode != Simulation.Mode.CALM && sim.chance(0.01)) {
              answer = sim.apply(request);
            }
            Answer last = answer;
            sim.at(sim.uniform(0, Simulation.DELAY), () -> awake(mine, () -> arrive(over, last)));
          });
    }
    at(
        5 * Simulation.DELAY,
        () -> {
          if (over == connection && replica.isUnanswered(nth)) {
            dropConnection();
          }
        });
  }

  private void arrive(int over, Answer answer) {
    if (over != connection || isCut()) {
      return;
    }
    replica.answered(answer, sim.now);
    if (slices.owner() != 0) {
      owners.add(slices.owner());
    }
    recalls(answer);
    pump();
  }

  /** The channel on which recalls are told, as lossy as any. */
  private void recalls(Answer answer) {
    if (!(answer instanceof Answer.Moved)) {
      return;
    }
    for (Rule rule : sim.rules) {
      UUID id = sim.key(rule).id();
      StoredCounter c = sim.store.counter(id);
      if (c != null && c.tight() != 0) {
        long recall = c.tight();
        for (SimReplica other : sim.replicas) {
          other.at(
              sim.uniform(0, Simulation.DELAY),
              () -> {
                if (!other.isCut()) {
                  other.replica.tightened(id, recall);
                  other.pump();
                }
              });
        }
      }
    }
  }

  // --- clients

  private void client() {
    if (sim.quiet) {
      return;
    }
    at(sim.uniform(1, 12), this::client);
    List<Counter> counters = new ArrayList<>();
    for (Rule rule : rules) {
      if (counters.isEmpty() || sim.chance(0.7)) {
        counters.add(slices.counter(rule, "", sim.storeNow(), sim.now));
      }
    }
    long[] needs = {1, 5, 20, 60};
    String sentBy = "";
    for (Rule rule : rules) {
      if (rule.terms().over() instanceof Over.Use && sim.chance(0.5)) {
        sentBy = rule.shape.name();
      }
    }
    Ask ask = new Ask(needs[sim.random.nextInt(4)], 0, sentBy, "");
    Call call =
        new Call(counters.toArray(new Counter[0]), new RateMeter[0], 0, ask, sim.storeNow());
    ask(call);
  }

  private void ask(Call call) {
    if (slices.take(call, sim.now)) {
      complete(call, granted(call));
    } else {
      replica.enqueue(call, sim.now);
      pump();
    }
  }

  @Override
  public void complete(Call call, Verdict verdict) {
    switch (verdict) {
      case Verdict.Granted granted -> {
        sim.granted++;
        if (call.grows() == null) {
          begin(granted.reservation());
        } else {
          note(granted.reservation());
        }
      }
      case Verdict.Denied denied -> sim.denied(denied.counter(), denied.need(), denied.most());
      case Verdict.Unavailable unavailable -> sim.unavailable++;
      default -> throw new AssertionError(verdict);
    }
  }

  private void begin(Reservation reservation) {
    Open hold = new Open(reservation, reservation.holds());
    open.add(hold);
    note(reservation);
    if (sim.chance(0.1)) {
      at(sim.uniform(1, 20), () -> reservation.extend(10, 0));
    }
    at(sim.uniform(1, 80), () -> end(hold));
  }

  private void end(Open hold) {
    Reservation r = hold.reservation;
    open.remove(hold);
    double[] shares = {0, 0.1, 0.5, 0.9, 1};
    long held = r.heldNanos();
    long cost =
        sim.chance(0.02) ? held + 7 : (long) (held * shares[sim.random.nextInt(shares.length)]);
    for (Counter c : r.counters()) {
      sim.spent.merge(c.key.id(), cost, Long::sum);
      ordinarily(r, c, cost);
      sim.excused.merge(c.key.id(), Math.max(0, cost - held), Long::sum);
    }
    journal.addAll(r.settle(cost, 0));
    // I3: nothing but the first does anything.
    if (!r.settle(cost, 0).isEmpty()) {
      throw new AssertionError("I3: settled twice");
    }
    note(r);
    if (sim.chance(0.3)) {
      sim.ledger.commit(journal);
    }
    replica.hurry();
    pump();
  }

  private void note(Reservation r) {
    if (sim.mode != Simulation.Mode.CALM) {
      return;
    }
    for (Counter c : r.counters()) {
      long value = held(c.key.id()) + sum(c.key.id());
      history.computeIfAbsent(c.key.id(), k -> new ArrayList<>()).add(new Change(sim.now, value));
    }
  }

  private final Map<UUID, Long> settledSum = new HashMap<>();

  private long sum(UUID id) {
    return settledSum.getOrDefault(id, 0L);
  }

  long mostHeld(UUID id, long since) {
    long before = 0;
    long rises = 0;
    long previous = 0;
    for (Change c : history.getOrDefault(id, List.of())) {
      if (c.at < since) {
        before = c.value;
      } else {
        rises += Math.max(0, c.value - previous);
      }
      previous = c.value;
    }
    return before + rises;
  }

  // --- Reservation.Home

  @Override
  public long owner() {
    return slices.owner();
  }

  @Override
  public Verdict extend(Reservation reservation, long nanos, long tokens) {
    Call held = reservation.call();
    Call more =
        new Call(
                held.counters.clone(),
                held.meters,
                0,
                Ask.more(nanos, tokens, held.redirectedBy()),
                held.at)
            .growing(reservation);
    ask(more);
    note(reservation);
    return new Verdict.Unavailable(0, "the answer comes to complete()");
  }

  @Override
  public List<Charge> settle(Reservation r, long nanos, long tokens, boolean cancel) {
    List<Charge> charges = new ArrayList<>();
    int times = sim.bug == Simulation.Bug.SETTLE_TWICE && sim.chance(0.2) ? 2 : 1;
    for (int i = 0; i < times; i++) {
      slices.settle(r, nanos, tokens, (c, o, cost) -> charges.add(new Charge(c.key, o, cost)));
    }
    for (Counter c : r.counters()) {
      settledSum.merge(c.key.id(), nanos, Long::sum);
    }
    return charges;
  }

  @Override
  public long storeNow() {
    return sim.storeNow();
  }

  // --- Effects

  @Override
  public Verdict granted(Call call) {
    Reservation grows = call.grows();
    if (grows == null) {
      return new Verdict.Granted(new Reservation(this, call));
    }
    if (grows.grow(call)) {
      return new Verdict.Granted(grows);
    }
    // Granted to a call that had ended: it was used until it comes back.
    for (Counter c : call.counters) {
      long value = held(c.key.id()) + sum(c.key.id());
      List<Change> changes = history.computeIfAbsent(c.key.id(), k -> new ArrayList<>());
      changes.add(new Change(sim.now, value + call.nanos));
      changes.add(new Change(sim.now, value));
    }
    slices.release(call);
    return new Verdict.Unavailable(0, "settled meanwhile");
  }

  @Override
  public void ledgerWanted(long epoch) {
    owners.add(slices.owner());
    Set<Long> past = new LinkedHashSet<>(owners);
    past.remove(slices.owner());
    at(
        sim.uniform(0, 8),
        () -> {
          sim.ledger.commit(journal);
          past.forEach(sim.ledger::reverse);
          replica.chores().ledger(epoch, sim.ledger.parts(o -> Owners.epochOf(o) != epoch));
          pump();
        });
  }

  @Override
  public void totalsWanted(long owner) {
    at(
        sim.uniform(0, 8),
        () -> {
          sim.ledger.commit(journal);
          sim.ledger.reverse(owner);
          replica.chores().close(owner, sim.ledger.parts(o -> o == owner));
          pump();
        });
  }

  @Override
  public void crashed(long owner, List<Charge> totals) {
    at(
        sim.uniform(0, 8),
        () -> {
          sim.ledger.crashed(totals);
          replica.chores().reaped(owner);
          pump();
        });
  }

  @Override
  public void alert(BudgetAlert alert) {
    // Counted elsewhere.
  }

  // --- faults

  void crash() {
    if (dead) {
      return;
    }
    dead = true;
    for (Open hold : open) {
      for (Counter c : hold.reservation.counters()) {
        sim.deadHeld.merge(c.key.id(), hold.reservation.heldNanos(), Long::sum);
        ordinarily(hold.reservation, c, hold.reservation.heldNanos());
      }
    }
    sim.at(sim.uniform(5, 3 * Simulation.LEASE), this::restart);
  }

  /** A new process on the same disk: rows are imported, intents without a row cost their bound. */
  private void restart() {
    if (!dead) {
      return;
    }
    for (Open hold : open) {
      long bound = hold.reservation.heldNanos();
      for (Charge c : hold.intent) {
        sim.deadHeld.merge(c.counter().id(), -bound, Long::sum);
        sim.spent.merge(c.counter().id(), bound, Long::sum);
        journal.add(new Charge(c.counter(), c.owner(), bound));
      }
    }
    journal.forEach(c -> imported.merge(c.counter().id(), c.amount(), Long::sum));
    open.clear();
    sim.ledger.commit(journal);
    owners.forEach(sim.ledger::reverse);
    graves.addAll(owners);
    owners.clear();
    dead = false;
    life++;
    connection++;
    connected = false;
    pausedUntil = 0;
    configure();
    slices = new Slices();
    replica = new Replica(settings, this, slices);
    graves.forEach(replica.chores()::end);
    start();
  }

  @Override
  public void closed(long owner) {
    graves.remove(owner);
    if (graves.isEmpty()) {
      imported.clear();
    }
  }

  void pause(long millis) {
    pausedUntil = Math.max(pausedUntil, sim.now + millis);
  }

  void cutOff(long millis) {
    cutUntil = Math.max(cutUntil, sim.now + millis);
  }

  void heal() {
    if (dead) {
      restart();
    }
    pausedUntil = 0;
    cutUntil = 0;
  }

  // --- what the invariants look at

  long held(UUID id) {
    if (dead) {
      return 0;
    }
    long sum = 0;
    for (Open hold : open) {
      for (Counter c : hold.reservation.counters()) {
        sum += c.key.id().equals(id) ? hold.reservation.heldNanos() : 0;
      }
    }
    return sum;
  }

  /** Counts an amount of a call that this budget had not sent to another model. */
  private void ordinarily(Reservation of, Counter c, long amount) {
    if (isOrdinary(of, c)) {
      sim.ordinary.merge(c.key.id(), amount, Long::sum);
    }
  }

  private static boolean isOrdinary(Reservation of, Counter c) {
    return !of.call().redirectedBy().equals(c.rule.shape.name());
  }

  long heldOrdinarily(UUID id) {
    long sum = 0;
    for (Open hold : dead ? Set.<Open>of() : open) {
      for (Counter c : hold.reservation.counters()) {
        boolean counts = c.key.id().equals(id) && isOrdinary(hold.reservation, c);
        sum += counts ? hold.reservation.heldNanos() : 0;
      }
    }
    return sum;
  }

  String describe(UUID id, @Nullable StoredCounter stored) {
    Counter c = slices.find(id);
    if (c == null) {
      return "nothing";
    }
    return "%s %s%s allowed %d spent %d free %d tight %d held %d, store %s"
        .formatted(
            replica,
            dead,
            connected,
            c.allowed,
            c.spent(),
            c.free(),
            c.tight,
            held(id),
            stored == null ? "nothing" : stored.have(owner()) + " " + stored.spent(owner()));
  }

  long free(UUID id) {
    Counter c = slices.find(id);
    return c == null ? 0 : c.free();
  }

  /** What the store does not know of this process, alive or dead, when it opens. */
  long untold(UUID id) {
    if (!dead && replica.isTold(sim.store.epoch())) {
      return imported.getOrDefault(id, 0L);
    }
    long sum = imported.getOrDefault(id, 0L);
    for (Charge c : journal) {
      sum += c.counter().id().equals(id) ? c.amount() : 0;
    }
    return sum + (dead ? 0 : held(id) + Math.max(0, free(id)));
  }

  void quiesced() {
    sim.ledger.commit(journal);
    if (!open.isEmpty()) {
      throw new AssertionError("I4: " + open.size() + " holds are open");
    }
  }
}

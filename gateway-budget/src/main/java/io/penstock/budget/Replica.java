package io.penstock.budget;

import io.penstock.budget.Request.Answer;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One replica's half of the algorithm, without I/O and without a clock. Guarded by its driver's
 * lock; the driver sends what {@link #next} gives, at most one request at a time.
 *
 * <pre>
 *   OFF --connected--> JOINING --Welcome, new owner--> CARRYING --all told--> LINKED
 *    ^                   ^  \--Welcome, same owner-----------------------------^
 *    |                   +---- Stale (other epoch), Gone (reaped): from any ----+
 *    +--broken: from any; slices may be spent until the deadline
 * </pre>
 */
final class Replica {
  /** See the drawing above. */
  enum Phase {
    OFF,
    JOINING,
    CARRYING,
    LINKED
  }

  private final Settings settings;
  private final Effects effects;
  private final Slices slices;
  private final Standing standing = new Standing();
  private final Moves moves;
  private final Chores chores;
  private final Waiting waiting;
  private final Pace pace;
  private final Silent silent;
  private volatile Phase phase = Phase.OFF;
  private @Nullable Request outstanding;
  private long sentAt;
  private long sent;
  private volatile boolean storeOpen;

  /** Since when this connection may reserve. */
  private long linkedAt;

  /** Whether it could grant at some time: until then it has nothing to go on with. */
  private volatile boolean started;

  private volatile long storeOffset;

  Replica(Settings settings, Effects effects, Slices slices) {
    this.settings = settings;
    this.effects = effects;
    this.slices = slices;
    this.chores = new Chores(effects);
    this.waiting = new Waiting(settings, effects, slices);
    this.moves = new Moves(settings, effects, slices);
    this.pace = new Pace(settings, slices);
    this.silent = new Silent(settings);
  }

  /** Store time less the replica's clock, milliseconds. Any thread. */
  long storeOffset() {
    return storeOffset;
  }

  /** Queues a call that the slices could not serve. */
  void enqueue(Call call, long now) {
    waiting.add(call, now);
  }

  /** A connection is there. */
  void connected(long now) {
    phase = Phase.JOINING;
    outstanding = null;
    standing.connected();
    pace.helloAt(now);
  }

  /** The connection is gone, or an answer took too long: the same. */
  void broken() {
    phase = Phase.OFF;
    outstanding = null;
    moves.forget();
    switch (settings.outage()) {
      case DENY -> slices.deadline(Long.MIN_VALUE);
      case SHARE -> slices.apart(moves.living());
      case ALLOW -> {}
    }
  }

  /** Answers calls that waited too long, and looks for slices that nobody uses. */
  void tick(long now) {
    Waiting.Store store = Waiting.Store.of(phase == Phase.LINKED, storeOpen);
    waiting.expire(call -> !moves.isUnderWay(call), store, moves.living(), now);
    moves.sweep(now, now + storeOffset);
  }

  /** Returns the milliseconds after which time may have brought something. */
  long rest(long now) {
    if (!waiting.calls().isEmpty()) {
      return Waiting.LOOK;
    }
    return phase == Phase.OFF ? settings.heartbeat() : pace.rest(now);
  }

  /** Returns what to send now, or null. */
  @Nullable Request next(long now) {
    if (phase == Phase.OFF || outstanding != null) {
      return null;
    }
    Request request = choose(now);
    outstanding = request;
    sentAt = now;
    sent++;
    return request;
  }

  private @Nullable Request choose(long now) {
    if (pace.isHelloDue(now)) {
      return standing.hello();
    }
    if (phase == Phase.JOINING) {
      return null;
    }
    if (phase == Phase.CARRYING) {
      return moves.build(standing, new ArrayDeque<>(), true, now, now + storeOffset);
    }
    chores.work();
    Request chore = chores.next();
    if (chore != null) {
      return chore;
    }
    return moves.build(
        standing, waiting.calls(), pace.takeSync(moves.living(), now), now, now + storeOffset);
  }

  /** The answer to what {@link #next} gave last. */
  void answered(Answer answer, long now) {
    Request request = outstanding;
    outstanding = null;
    if (request == null) {
      return;
    }
    switch (answer) {
      case Answer.Welcome welcome -> welcome(welcome, now);
      case Answer.Stale stale -> rejoin(stale.epoch(), false, now);
      case Answer.Gone stale -> rejoin(stale.epoch(), true, now);
      case Answer.Fenced fenced -> {
        moves.forget();
        connected(now);
      }
      case Answer.Moved moved -> moved(moved, now);
      case Answer.Reaped reaped -> {
        chores.done();
        if (!reaped.totals().isEmpty()) {
          effects.crashed(reaped.owner(), reaped.totals());
        }
      }
      case Answer.Done done -> chores.done();
    }
    started |= isReady();
    if (!standing.isReady() && phase == Phase.LINKED && chores.isPushed()) {
      standing.ready();
      pace.helloAt(now);
    }
  }

  private void rejoin(long newEpoch, boolean wasReaped, long now) {
    slices.deadline(Long.MIN_VALUE);
    moves.forget();
    standing.lose(newEpoch, wasReaped);
    chores.epoch(newEpoch);
    phase = Phase.JOINING;
    pace.helloAt(now);
  }

  private void welcome(Answer.Welcome welcome, long now) {
    storeOffset = welcome.time() - (sentAt + now) / 2;
    storeOpen = welcome.open();
    pace.greeted(storeOpen, now);
    if (phase == Phase.JOINING) {
      join(welcome, now);
    } else if (phase == Phase.LINKED) {
      slices.deadline(sentAt + settings.share());
      bury(welcome.expired(), now);
    }
  }

  /** Where the store was away the leases of all are over: who is back first lets others come. */
  private void bury(List<Long> expired, long now) {
    if (now - linkedAt >= settings.lease()) {
      chores.dead(silent.dead(expired, now), standing.owner());
    }
  }

  private void join(Answer.Welcome welcome, long now) {
    if (!standing.isFresh()) {
      phase = Phase.CARRYING;
      link(now);
      return;
    }
    long old = standing.owner();
    boolean wasGone = standing.isGone();
    standing.become(welcome);
    moves.carry(slices.adopt(welcome.owner(), !wasGone && !storeOpen));
    phase = Phase.CARRYING;
    link(now);
    if (wasGone) {
      chores.end(old);
    }
    if (!storeOpen || (old != 0 && Owners.epochOf(old) != standing.epoch())) {
      // Also when it is open: rows of an earlier epoch may have been committed late.
      chores.push();
    }
  }

  private void moved(Answer.Moved moved, long now) {
    storeOpen = moved.open();
    pace.moved(storeOpen, now);
    moves.apply(moved, waiting.calls(), now, now + storeOffset);
    if (phase == Phase.LINKED) {
      slices.deadline(sentAt + settings.share());
      bury(moved.expired(), now);
    } else if (phase == Phase.CARRYING) {
      if (moved.open()) {
        // It may have opened without knowing what is free here: only what is held may stay.
        moves.drainAll();
      }
      link(now);
    }
  }

  private void link(long now) {
    if (moves.isCarried()) {
      linkedAt = now;
      phase = Phase.LINKED;
      slices.apart(0);
      slices.deadline(sentAt + settings.share());
    }
  }

  /** Returns what hears of the ledger. */
  Chores chores() {
    return chores;
  }

  /** Another replica has started a recall. */
  void tightened(UUID counter, long recall) {
    Counter c = slices.find(counter);
    if (c != null && c.tight < recall) {
      c.tight = (int) recall;
      moves.urge(c);
    }
  }

  /** These rules have other terms than before: where less is allowed, what is free goes back. */
  void changed(Map<Rule, Rule.Terms> before) {
    for (Counter c : slices.all()) {
      Rule.Terms old = before.get(c.rule);
      if (old != null) {
        boolean less = c.rule.terms().limit() < old.limit();
        if (less) {
          c.balance(true);
        }
        if (Thresholds.changed(c, old) || less) {
          moves.urge(c);
        }
      }
    }
  }

  /** A counter that others wait for has been settled. */
  void hurry() {
    moves.urgeTight();
  }

  /** Whether that epoch's store knows all that is held and free here, and the ledger's sums. */
  boolean isTold(long storeEpoch) {
    return standing.isReady() && standing.epoch() == storeEpoch;
  }

  Phase phase() {
    return phase;
  }

  long epoch() {
    return standing.epoch();
  }

  long owner() {
    return standing.owner();
  }

  @Override
  public String toString() {
    return "%s %s open %s waiting %d next %s outstanding %s, %s"
        .formatted(
            standing, phase, storeOpen, waiting.calls().size(), chores.next(), outstanding, moves);
  }

  /** Whether calls can be granted: joined, and the store is open. */
  boolean isReady() {
    return phase == Phase.LINKED && storeOpen;
  }

  /** Whether calls are served: granted, or without the store as {@code on_outage} says. */
  boolean serves(long now) {
    return isReady()
        || (started
            && switch (settings.outage()) {
              case SHARE -> slices.mayServe(now);
              case DENY -> false;
              case ALLOW -> true;
            });
  }

  /** How many requests have been sent. */
  long sent() {
    return sent;
  }

  /** Whether the request that was sent as the n-th has no answer yet. */
  boolean isUnanswered(long nth) {
    return outstanding != null && sent == nth;
  }
}

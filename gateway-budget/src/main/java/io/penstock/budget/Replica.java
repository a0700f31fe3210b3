package io.penstock.budget;

import io.penstock.budget.Request.Answer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
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

  private static final int SWEEP = 10_000;

  private final Settings settings;
  private final Effects effects;
  private final Slices slices;
  private final Moves moves;
  private final ArrayDeque<Request> chores = new ArrayDeque<>();
  private final ArrayDeque<Call> waiting = new ArrayDeque<>();
  private Iterator<Counter> sweep = List.<Counter>of().iterator();
  private volatile Phase phase = Phase.OFF;
  private @Nullable Request outstanding;
  private long sentAt;
  private long epoch;
  private long owner;
  private long fence;

  /** A new owner is needed: at first, in another epoch, or after it was reaped. */
  private boolean fresh = true;

  private boolean gone;
  private boolean pushing;
  private boolean ready;
  private volatile boolean storeOpen;
  private long helloAt;
  private long syncAt;
  private volatile long storeOffset;

  Replica(Settings settings, Effects effects, Slices slices) {
    this.settings = settings;
    this.effects = effects;
    this.slices = slices;
    this.moves = new Moves(settings, effects, slices);
  }

  /** Store time less the replica's clock, milliseconds. Any thread. */
  long storeOffset() {
    return storeOffset;
  }

  /** Queues a call that the slices could not serve. */
  void enqueue(Call call, long now) {
    call.giveUpAt = now + settings.callTimeout();
    call.retryAt = now;
    waiting.add(call);
  }

  /** A connection is there. */
  void connected(long now) {
    phase = Phase.JOINING;
    outstanding = null;
    fence++;
    helloAt = now;
  }

  /** The connection is gone, or an answer took too long: the same. */
  void broken() {
    phase = Phase.OFF;
    outstanding = null;
    moves.forget();
    if (settings.outage() == Outage.DENY) {
      slices.deadline(Long.MIN_VALUE);
    }
  }

  /** Answers calls that waited too long, and looks for slices that nobody uses. */
  void tick(long now) {
    for (Iterator<Call> i = waiting.iterator(); i.hasNext(); ) {
      Call call = i.next();
      if (!moves.isUnderWay(call) && now >= call.giveUpAt) {
        i.remove();
        giveUp(call, now);
      }
    }
    for (int i = 0; i < SWEEP && sweep.hasNext(); i++) {
      moves.rest(sweep.next(), now, now + storeOffset);
    }
    if (!sweep.hasNext() && now >= syncAt) {
      sweep = slices.all().iterator();
    }
  }

  private void giveUp(Call call, long now) {
    if (settings.outage() == Outage.ALLOW && phase != Phase.LINKED) {
      slices.force(call, now);
      effects.complete(call, effects.granted(call));
    } else {
      effects.complete(
          call,
          new Verdict.Unavailable(
              phase == Phase.LINKED ? 1_000 : settings.heartbeat(),
              phase == Phase.LINKED ? "budgets are being called back" : "budget store is away"));
    }
  }

  /** Returns what to send now, or null. */
  @Nullable Request next(long now) {
    if (phase == Phase.OFF || outstanding != null) {
      return null;
    }
    Request request = choose(now);
    outstanding = request;
    sentAt = now;
    return request;
  }

  private @Nullable Request choose(long now) {
    if (now >= helloAt) {
      return new Request.Hello(epoch, fresh ? 0 : owner, fence, ready);
    }
    if (phase == Phase.JOINING) {
      return null;
    }
    if (phase == Phase.CARRYING) {
      return moves.build(epoch, owner, fence, new ArrayDeque<>(), true, now, now + storeOffset);
    }
    Request chore = chores.peek();
    if (chore != null) {
      return chore;
    }
    boolean sync = now >= syncAt;
    if (sync) {
      syncAt = now + settings.heartbeat();
    }
    return moves.build(epoch, owner, fence, waiting, sync, now, now + storeOffset);
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
        chores.poll();
        if (!reaped.totals().isEmpty()) {
          effects.crashed(reaped.owner(), reaped.totals());
        } else {
          reaped(reaped.owner());
        }
      }
      case Answer.Done done -> chores.poll();
    }
    if (chores.isEmpty() && pushing) {
      pushing = false;
      ready = true;
      helloAt = now;
    }
  }

  private void rejoin(long newEpoch, boolean wasReaped, long now) {
    slices.deadline(Long.MIN_VALUE);
    moves.forget();
    gone |= wasReaped;
    fresh = true;
    if (newEpoch != epoch) {
      chores.clear();
      pushing = false;
    }
    epoch = newEpoch;
    ready = false;
    phase = Phase.JOINING;
    helloAt = now;
  }

  private void welcome(Answer.Welcome welcome, long now) {
    storeOffset = welcome.time() - (sentAt + now) / 2;
    storeOpen = welcome.open();
    helloAt = now + (storeOpen ? settings.heartbeat() : Math.min(250, settings.heartbeat()));
    if (phase == Phase.JOINING) {
      join(welcome);
    } else if (phase == Phase.LINKED) {
      slices.deadline(sentAt + settings.share());
      for (long dead : welcome.expired()) {
        if (dead != owner) {
          chores.add(new Request.Reap(epoch, dead, false));
        }
      }
    }
  }

  private void join(Answer.Welcome welcome) {
    if (!fresh) {
      phase = Phase.LINKED;
      slices.deadline(sentAt + settings.share());
      return;
    }
    long old = owner;
    boolean wasGone = gone;
    owner = welcome.owner();
    gone = false;
    fresh = false;
    moves.carry(slices.adopt(owner, !wasGone && !storeOpen));
    ready = storeOpen;
    phase = Phase.CARRYING;
    link();
    if (wasGone && Owners.epochOf(old) == epoch) {
      effects.totalsWanted(old);
    }
    if (!storeOpen) {
      effects.ledgerWanted(epoch);
    }
  }

  private void moved(Answer.Moved moved, long now) {
    storeOpen = moved.open();
    moves.apply(moved, waiting, now, now + storeOffset);
    if (phase == Phase.LINKED) {
      slices.deadline(sentAt + settings.share());
    } else if (phase == Phase.CARRYING) {
      if (moved.open() && !ready) {
        // It opened without knowing what is free here: only what is held may stay.
        moves.drainAll();
        ready = true;
      }
      link();
    }
  }

  private void link() {
    if (moves.isCarried()) {
      phase = Phase.LINKED;
      slices.deadline(sentAt + settings.share());
    }
  }

  /** The ledger's sums of other epochs; {@code forEpoch} is for which this was asked. */
  void ledgerParts(long forEpoch, List<LedgerPart> parts) {
    if (forEpoch == epoch) {
      for (int i = 0; i < parts.size(); i += Moves.MOST_COUNTERS) {
        chores.add(
            new Request.Ledger(
                epoch,
                new ArrayList<>(
                    parts.subList(i, Math.min(parts.size(), i + Moves.MOST_COUNTERS)))));
      }
      if (!ready) {
        chores.add(new Request.Ledger(epoch, List.of()));
        pushing = true;
      }
    }
  }

  /** The ledger's sums of one owner that has ended. */
  void closeOwner(long ended, List<LedgerPart> totals) {
    if (Owners.epochOf(ended) == epoch) {
      chores.add(new Request.Close(epoch, ended, totals));
    }
  }

  /** The rows of a dead owner are in the ledger. */
  void reaped(long dead) {
    if (Owners.epochOf(dead) == epoch) {
      chores.add(new Request.Reap(epoch, dead, true));
    }
  }

  /** Another replica has started a recall. */
  void tightened(UUID counter, long recall) {
    Counter c = slices.find(counter);
    if (c != null && c.tight < recall) {
      c.tight = recall;
      moves.urge(c);
    }
  }

  /** These allow less than before: what is free goes back at once. */
  void recall(List<Rule> lowered) {
    for (Counter c : slices.all()) {
      if (lowered.contains(c.rule)) {
        c.balance(true);
        moves.urge(c);
      }
    }
  }

  /** A counter that others wait for has been settled. */
  void hurry() {
    moves.urgeTight();
  }

  Phase phase() {
    return phase;
  }

  long epoch() {
    return epoch;
  }

  long owner() {
    return owner;
  }

  /** Whether calls can be granted: joined, and the store is open. */
  boolean isReady() {
    return phase == Phase.LINKED && storeOpen;
  }

  boolean isWaitingForAnswer() {
    return outstanding != null;
  }
}

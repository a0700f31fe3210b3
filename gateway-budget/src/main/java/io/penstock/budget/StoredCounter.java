package io.penstock.budget;

import java.util.Arrays;
import java.util.TreeSet;

/**
 * A counter in {@link MemoryStore}. Most have one owner at a time, and there may be a million of
 * them: the first owner is kept in fields, what else there is apart.
 */
final class StoredCounter {
  private static final long[] NOBODY = {};
  private static final Limit.Unit[] UNITS = Limit.Unit.values();
  private static final long DAY = 86_400_000;
  private static final int IDLE_DAYS = 30;

  private final byte unit;

  /** The day on which it was last changed, since 1970: no wider, for there may be a million. */
  private char changed;

  /** Of equal keys the one that the replica has too, so that both keep one object. */
  CounterKey key;

  long used;
  long spent;
  private long owner;
  private long have;
  private long settled;
  private Rare rare = Rare.NONE;

  /** What most of a million counters never have. */
  private static final class Rare {
    static final Rare NONE = new Rare();

    /** Further owners: owner, have, settled, in threes. */
    private long[] others = NOBODY;

    private boolean tight;
    private long recalls;
    private long ledger;
    private long ledgerVersion = -1;

    /** Version of the ledger's part that last gave something back. */
    private long given;

    /** Thresholds claimed: percent, amount, whose it is to send, in threes; 0: nobody's. */
    private long[] alerts = NOBODY;

    private TreeSet<Long> waiting = new TreeSet<>();

    /** What may be used when those who wait for a recall are to fit, and until when it counts. */
    private double kept;

    private long keptUntil;
  }

  StoredCounter(CounterKey key, Limit.Unit unit) {
    this.key = key;
    this.unit = (byte) unit.ordinal();
  }

  Limit.Unit unit() {
    return UNITS[unit];
  }

  /** Somebody has told something of it. */
  void changed(long now) {
    changed = (char) (now / DAY);
  }

  /** Whether its window ended a day ago, or has no end and nothing has changed for 30 days. */
  boolean isOver(long now) {
    return key.windowEnd() == Long.MAX_VALUE
        ? now / DAY - changed > IDLE_DAYS && used == spent
        : key.windowEnd() < now - DAY;
  }

  /** Returns what is this counter's own, to be changed. */
  private Rare own() {
    if (rare == Rare.NONE) {
      rare = new Rare();
    }
    return rare;
  }

  /** Returns the number of the recall that is on; 0: none. */
  long tight() {
    return rare.tight ? rare.recalls : 0;
  }

  /** Returns where another owner than the first is kept, or -1. */
  private int at(long other) {
    for (int i = 0; i < rare.others.length; i += 3) {
      if (rare.others[i] == other) {
        return i;
      }
    }
    return -1;
  }

  private boolean knows(long which) {
    return which == owner || at(which) >= 0;
  }

  private void touch(long which) {
    if (owner == 0) {
      owner = which;
    } else if (!knows(which)) {
      Rare own = own();
      int i = own.others.length;
      own.others = Arrays.copyOf(own.others, i + 3);
      own.others[i] = which;
    }
  }

  long have(long which) {
    int i = which == owner ? -1 : at(which);
    return which == owner ? have : i < 0 ? 0 : rare.others[i + 1];
  }

  long spent(long which) {
    int i = which == owner ? -1 : at(which);
    return which == owner ? settled : i < 0 ? 0 : rare.others[i + 2];
  }

  private void set(long which, long newHave, long newSettled) {
    touch(which);
    used += newHave - have(which);
    spent += newSettled - spent(which);
    if (which == owner) {
      have = newHave;
      settled = newSettled;
    } else {
      int i = at(which);
      rare.others[i + 1] = newHave;
      rare.others[i + 2] = newSettled;
    }
  }

  void tell(long which, Request.Entry entry) {
    key = entry.key();
    if (!entry.attach()) {
      set(which, entry.have(), entry.spent());
    } else {
      touch(which);
    }
    if (entry.drained() || have(which) == spent(which)) {
      rare.waiting.remove(which);
    }
  }

  void add(long which, long amount) {
    set(which, have(which) + amount, spent(which));
  }

  /** Starts a recall: every living owner that may have something free has to answer it. */
  long recall(Leases leases, long now, long drained) {
    Rare own = own();
    own.recalls++;
    own.tight = true;
    own.waiting = new TreeSet<>();
    if (owner != drained && have > settled && leases.isLiving(owner, now)) {
      own.waiting.add(owner);
    }
    for (int i = 0; i < own.others.length; i += 3) {
      long other = own.others[i];
      boolean free = own.others[i + 1] > own.others[i + 2];
      if (other != drained && free && leases.isLiving(other, now)) {
        own.waiting.add(other);
      }
    }
    return own.recalls;
  }

  /**
   * Returns above what use the recall that is on has to last: somebody waits for room below it, and
   * whoever answers under a larger limit, or needs less, would end it. Infinity: nobody waits.
   */
  double kept(long now) {
    return rare.keptUntil > now ? rare.kept : Double.POSITIVE_INFINITY;
  }

  /** Somebody waits for the recall that is on, until so little is used. */
  void keepRecall(double use, long now, long until) {
    Rare own = own();
    own.kept = Math.min(use, kept(now));
    own.keptUntil = until;
  }

  void relax() {
    own().tight = false;
    own().waiting = new TreeSet<>();
  }

  boolean chargeInFull(long which) {
    rare.waiting.remove(which);
    if (!knows(which)) {
      return false;
    }
    if (unit() == Limit.Unit.PERMITS) {
      set(which, 0, 0);
      return false;
    }
    set(which, have(which), have(which));
    for (int k = 2; k < rare.alerts.length; k += 3) {
      rare.alerts[k] = rare.alerts[k] == which ? 0 : rare.alerts[k];
    }
    return have(which) != 0;
  }

  void settle(long which, long total) {
    rare.waiting.remove(which);
    if (knows(which) || total != 0) {
      set(which, total, total);
    }
  }

  void ledger(long version, long sum) {
    if (version > rare.ledgerVersion) {
      Rare own = own();
      boolean givesBack = sum < own.ledger;
      used += sum - own.ledger;
      spent += sum - own.ledger;
      own.ledger = sum;
      own.ledgerVersion = version;
      if (givesBack) {
        own.given = version;
        for (int k = 0; k < own.alerts.length; k += 3) {
          own.alerts[k + 2] = own.alerts[k + 1] > spent ? 0 : own.alerts[k + 2];
        }
      }
    }
  }

  Request.Answer.State state(long which, Request.Entry entry, Leases leases, long now) {
    rare.waiting.removeIf(o -> !leases.isLiving(o, now));
    int won = 0;
    int taken = 0;
    for (int bit = 0; bit < entry.alerts().size(); bit++) {
      int percent = entry.alerts().get(bit);
      long amount = Thresholds.share(entry.limit(), percent);
      boolean claimed = (entry.claim() >>> bit & 1) != 0 && spent >= amount;
      if (claimed && claim(which, percent, amount) == which) {
        won |= 1 << bit;
      }
      int at = alert(percent, amount);
      taken |= at < 0 || rare.alerts[at + 2] == 0 ? 0 : 1 << bit;
    }
    touch(which);
    int open = rare.tight ? rare.waiting.size() : 0;
    return new Request.Answer.State(
        have(which), spent(which), used, spent, tight(), open, won, taken, rare.given);
  }

  /** Returns where an alert is kept, or -1. */
  private int alert(int percent, long amount) {
    for (int i = 0; i < rare.alerts.length; i += 3) {
      if (rare.alerts[i] == percent && rare.alerts[i + 1] == amount) {
        return i;
      }
    }
    return -1;
  }

  /** Returns whose the alert is: the first who claims it. */
  private long claim(long which, int percent, long amount) {
    Rare own = own();
    int at = alert(percent, amount);
    if (at < 0) {
      at = own.alerts.length;
      own.alerts = Arrays.copyOf(own.alerts, at + 3);
      own.alerts[at] = percent;
      own.alerts[at + 1] = amount;
    }
    own.alerts[at + 2] = own.alerts[at + 2] == 0 ? which : own.alerts[at + 2];
    return own.alerts[at + 2];
  }
}

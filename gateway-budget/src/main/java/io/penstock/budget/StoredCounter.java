package io.penstock.budget;

import java.util.Map;
import java.util.TreeSet;

/** A counter in {@link MemoryStore}: a few owners at a time, so arrays serve better than a map. */
final class StoredCounter {
  private static final long[] NOBODY = {};

  final CounterKey key;
  final Limit.Unit unit;
  long used;
  long spent;
  // owner, have, spent, in threes
  private long[] owners = NOBODY;
  private Rare rare = Rare.NONE;

  /** What most of a million counters never have. */
  private static final class Rare {
    static final Rare NONE = new Rare();

    private boolean tight;
    private long recalls;
    private long ledger;
    private long ledgerVersion = -1;
    private long[] alerts = NOBODY;
    private TreeSet<Long> waiting = new TreeSet<>();
  }

  StoredCounter(CounterKey key, Limit.Unit unit) {
    this.key = key;
    this.unit = unit;
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

  private int at(long owner) {
    for (int i = 0; i < owners.length; i += 3) {
      if (owners[i] == owner) {
        return i;
      }
    }
    return -1;
  }

  private int touch(long owner) {
    int i = at(owner);
    if (i < 0) {
      i = owners.length;
      owners = java.util.Arrays.copyOf(owners, i + 3);
      owners[i] = owner;
    }
    return i;
  }

  long have(long owner) {
    int i = at(owner);
    return i < 0 ? 0 : owners[i + 1];
  }

  long spent(long owner) {
    int i = at(owner);
    return i < 0 ? 0 : owners[i + 2];
  }

  private void set(long owner, long have, long settled) {
    int i = touch(owner);
    used += have - owners[i + 1];
    spent += settled - owners[i + 2];
    owners[i + 1] = have;
    owners[i + 2] = settled;
  }

  void tell(long owner, Request.Entry entry) {
    if (!entry.attach()) {
      set(owner, entry.have(), entry.spent());
    } else {
      touch(owner);
    }
    if (entry.drained() || have(owner) == spent(owner)) {
      rare.waiting.remove(owner);
    }
  }

  void add(long owner, long amount) {
    owners[touch(owner) + 1] += amount;
    used += amount;
  }

  /** Starts a recall: every living owner that may have something free has to answer it. */
  long recall(Map<Long, Long> leases, long now, long drained) {
    Rare own = own();
    own.recalls++;
    own.tight = true;
    own.waiting = new TreeSet<>();
    for (int i = 0; i < owners.length; i += 3) {
      Long end = leases.get(owners[i]);
      if (end != null && end >= now && owners[i + 1] > owners[i + 2] && owners[i] != drained) {
        own.waiting.add(owners[i]);
      }
    }
    return own.recalls;
  }

  void relax() {
    own().tight = false;
    own().waiting = new TreeSet<>();
  }

  boolean chargeInFull(long owner) {
    int i = at(owner);
    rare.waiting.remove(owner);
    if (i < 0) {
      return false;
    }
    if (unit == Limit.Unit.PERMITS) {
      set(owner, 0, 0);
      return false;
    }
    set(owner, owners[i + 1], owners[i + 1]);
    for (int k = 0; k < rare.alerts.length; k++) {
      rare.alerts[k] = rare.alerts[k] == owner ? 0 : rare.alerts[k];
    }
    return owners[i + 1] != 0;
  }

  void settle(long owner, long total) {
    rare.waiting.remove(owner);
    if (at(owner) >= 0 || total != 0) {
      set(owner, total, total);
    }
  }

  void ledger(long version, long sum) {
    if (version > rare.ledgerVersion) {
      Rare own = own();
      used += sum - own.ledger;
      spent += sum - own.ledger;
      own.ledger = sum;
      own.ledgerVersion = version;
    }
  }

  Request.Answer.State state(long owner, int claim, Map<Long, Long> leases, long now) {
    rare.waiting.removeIf(o -> leases.getOrDefault(o, 0L) < now);
    int won = claim(owner, claim);
    int taken = 0;
    for (int bit = 0; bit < rare.alerts.length; bit++) {
      taken |= rare.alerts[bit] == 0 ? 0 : 1 << bit;
    }
    int i = touch(owner);
    int open = rare.tight ? rare.waiting.size() : 0;
    return new Request.Answer.State(
        owners[i + 1], owners[i + 2], used, spent, tight(), open, won, taken);
  }

  private int claim(long owner, int claim) {
    int won = 0;
    for (int bit = 0; bit < 16 && claim >>> bit != 0; bit++) {
      if ((claim >>> bit & 1) != 0) {
        Rare own = own();
        if (own.alerts.length == 0) {
          own.alerts = new long[16];
        }
        if (own.alerts[bit] == 0) {
          own.alerts[bit] = owner;
        }
        won |= own.alerts[bit] == owner ? 1 << bit : 0;
      }
    }
    return won;
  }
}

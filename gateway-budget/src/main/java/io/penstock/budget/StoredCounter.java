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
  long tight;
  private long recalls;
  private long ledger;
  private long ledgerVersion = -1;
  // owner, have, spent, in threes
  private long[] owners = NOBODY;
  private long[] alerts = NOBODY;
  private TreeSet<Long> waiting = EMPTY;

  private static final TreeSet<Long> EMPTY = new TreeSet<>();

  StoredCounter(CounterKey key, Limit.Unit unit) {
    this.key = key;
    this.unit = unit;
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
      waiting.remove(owner);
    }
  }

  void add(long owner, long amount) {
    owners[touch(owner) + 1] += amount;
    used += amount;
  }

  /** Starts a recall: every living owner that may have something free has to answer it. */
  long recall(Map<Long, Long> leases, long now, long drained) {
    tight = ++recalls;
    waiting = new TreeSet<>();
    for (int i = 0; i < owners.length; i += 3) {
      Long end = leases.get(owners[i]);
      if (end != null && end >= now && owners[i + 1] > owners[i + 2] && owners[i] != drained) {
        waiting.add(owners[i]);
      }
    }
    return tight;
  }

  void relax() {
    tight = 0;
    waiting = EMPTY;
  }

  boolean chargeInFull(long owner) {
    int i = at(owner);
    waiting.remove(owner);
    if (i < 0) {
      return false;
    }
    if (unit == Limit.Unit.PERMITS) {
      set(owner, 0, 0);
      return false;
    }
    set(owner, owners[i + 1], owners[i + 1]);
    for (int k = 0; k < alerts.length; k++) {
      alerts[k] = alerts[k] == owner ? 0 : alerts[k];
    }
    return owners[i + 1] != 0;
  }

  void settle(long owner, long total) {
    waiting.remove(owner);
    if (at(owner) >= 0 || total != 0) {
      set(owner, total, total);
    }
  }

  void ledger(long version, long sum) {
    if (version > ledgerVersion) {
      used += sum - ledger;
      spent += sum - ledger;
      ledger = sum;
      ledgerVersion = version;
    }
  }

  Request.Answer.State state(long owner, int claim, Map<Long, Long> leases, long now) {
    waiting.removeIf(o -> leases.getOrDefault(o, 0L) < now);
    int won = claim(owner, claim);
    int taken = 0;
    for (int bit = 0; bit < alerts.length; bit++) {
      taken |= alerts[bit] == 0 ? 0 : 1 << bit;
    }
    int i = touch(owner);
    int open = tight == 0 ? 0 : waiting.size();
    return new Request.Answer.State(
        owners[i + 1], owners[i + 2], used, spent, tight, open, won, taken);
  }

  private int claim(long owner, int claim) {
    int won = 0;
    for (int bit = 0; bit < 16 && claim >>> bit != 0; bit++) {
      if ((claim >>> bit & 1) != 0) {
        if (alerts.length == 0) {
          alerts = new long[16];
        }
        if (alerts[bit] == 0) {
          alerts[bit] = owner;
        }
        won |= alerts[bit] == owner ? 1 << bit : 0;
      }
    }
    return won;
  }
}

package io.penstock.budget;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** The ledger that all replicas of a simulation share: rows, and crash rows apart. */
final class SimLedger {
  private record Account(CounterKey counter, long owner) {}

  private final Map<Account, Long> rows = new HashMap<>();
  private final Map<Account, Long> crashes = new HashMap<>();
  private final Set<Long> reversed = new HashSet<>();
  private long version;

  void commit(List<Charge> charges) {
    for (Charge c : charges) {
      rows.merge(new Account(c.counter(), c.owner()), c.amount(), Long::sum);
    }
    charges.clear();
  }

  void crashed(List<Charge> totals) {
    for (Charge c : totals) {
      if (!reversed.contains(c.owner())) {
        crashes.put(new Account(c.counter(), c.owner()), c.amount());
      }
    }
  }

  void reverse(long owner) {
    reversed.add(owner);
    crashes.keySet().removeIf(a -> a.owner == owner);
  }

  private Map<CounterKey, Long> sums(java.util.function.LongPredicate owners) {
    Set<Account> all = new HashSet<>(rows.keySet());
    all.addAll(crashes.keySet());
    Map<CounterKey, Long> sums =
        new java.util.TreeMap<>(java.util.Comparator.comparing(CounterKey::id));
    for (Account a : all) {
      if (owners.test(a.owner)) {
        long sum = Math.max(rows.getOrDefault(a, 0L), crashes.getOrDefault(a, 0L));
        sums.merge(a.counter, sum, Long::sum);
      }
    }
    return sums;
  }

  List<LedgerPart> parts(java.util.function.LongPredicate owners) {
    version++;
    List<LedgerPart> parts = new ArrayList<>();
    sums(owners).forEach((key, sum) -> parts.add(new LedgerPart(key, version, sum)));
    return parts;
  }

  long total(UUID counter) {
    for (Map.Entry<CounterKey, Long> e : sums(o -> true).entrySet()) {
      if (e.getKey().id().equals(counter)) {
        return e.getValue();
      }
    }
    return 0;
  }
}

package io.penstock.budget;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a replica has to tell the store besides its counters: sums of the ledger, owners that have
 * ended, owners that died. All of it may be told twice. Guarded by the replica's lock.
 */
final class Chores {
  private static final int MOST_PARTS = 500;

  private final Effects effects;
  private final ArrayDeque<Request> queue = new ArrayDeque<>();
  private final TreeSet<Long> ended = new TreeSet<>();
  private TreeSet<Long> past = new TreeSet<>();
  private long epoch;
  private long closing;
  private boolean asked;
  private boolean pushed = true;

  Chores(Effects effects) {
    this.effects = effects;
  }

  /** Another epoch: what was to be told about the last one is part of the ledger's sums now. */
  void epoch(long next) {
    if (next != epoch) {
      queue.clear();
      closing = 0;
      asked = false;
      epoch = next;
    }
  }

  /** All sums have to be told before the store may open for this replica. */
  void push() {
    pushed = false;
    ask();
  }

  private void ask() {
    asked = true;
    past = new TreeSet<>(ended.headSet(Owners.of(epoch, 0)));
    effects.ledgerWanted(epoch);
  }

  boolean isPushed() {
    return pushed;
  }

  void ledger(long forEpoch, List<LedgerPart> parts) {
    if (forEpoch != epoch) {
      return;
    }
    for (int i = 0; i < parts.size(); i += MOST_PARTS) {
      int end = Math.min(parts.size(), i + MOST_PARTS);
      queue.add(new Request.Ledger(epoch, new ArrayList<>(parts.subList(i, end))));
    }
    if (asked) {
      queue.add(new Request.Ledger(epoch, List.of()));
    }
  }

  /** That owner has ended; nothing more is booked on it, and its rows are in the ledger. */
  void end(long owner) {
    ended.add(owner);
    if (Owners.epochOf(owner) != epoch) {
      asked = false;
    }
  }

  /** Earlier owners first: what raises a counter comes before what lowers it. */
  void work() {
    if (ended.isEmpty() || closing != 0) {
      return;
    }
    if (Owners.epochOf(ended.first()) != epoch) {
      if (!asked) {
        ask();
      }
    } else {
      closing = ended.first();
      effects.totalsWanted(closing);
    }
  }

  void close(long owner, List<LedgerPart> totals) {
    if (owner == closing && Owners.epochOf(owner) == epoch) {
      queue.add(new Request.Close(epoch, owner, totals));
    }
  }

  /** These are charged; others may hear of them too, and the first who comes does it. */
  void dead(List<Long> owners, long own) {
    for (long owner : owners) {
      if (owner != own) {
        queue.add(new Request.Reap(epoch, owner, false));
      }
    }
  }

  void reaped(long owner) {
    if (Owners.epochOf(owner) == epoch) {
      queue.add(new Request.Reap(epoch, owner, true));
    }
  }

  @Nullable Request next() {
    return queue.peek();
  }

  /** The store has heard the first of the queue. */
  void done() {
    Request told = queue.poll();
    if (told instanceof Request.Close close) {
      ended.remove(close.owner());
      closing = 0;
      effects.closed(close.owner());
    } else if (told instanceof Request.Ledger ledger && ledger.parts().isEmpty()) {
      pushed = true;
      for (long owner : past) {
        ended.remove(owner);
        effects.closed(owner);
      }
      past.clear();
    }
  }
}

package io.penstock.server.call.serve;

import io.penstock.core.Ending;
import io.penstock.ledger.Waste;
import io.penstock.server.targets.TargetRuntime;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The legs of a call that are under way: one, or two while it is hedged. Confined to the call's
 * loop.
 */
final class Legs {
  private final List<Leg> running = new ArrayList<>(1);

  /** The last that was taken out: it may not be settled yet. */
  private @Nullable Leg leaving;

  void add(Leg leg) {
    running.add(leg);
  }

  void remove(Leg leg) {
    running.remove(leg);
    leaving = leg;
  }

  boolean isFirst(Leg leg) {
    return running.getFirst() == leg;
  }

  /** Returns the leg that is alone; null when there is another, or none. */
  @Nullable Leg only() {
    return running.size() == 1 ? running.getFirst() : null;
  }

  /** Returns the target that was asked last; null before there is any. */
  @Nullable TargetRuntime asked() {
    Leg last = running.isEmpty() ? leaving : running.getLast();
    return last == null ? null : last.target();
  }

  /** The gateway failed: all are stopped and settled, whatever becomes of the others. */
  void broken(Throwable why) {
    List<Leg> all = new ArrayList<>(running);
    if (leaving != null) {
      all.add(leaving);
    }
    running.clear();
    broken(all.iterator(), why);
  }

  private static void broken(Iterator<Leg> legs, Throwable why) {
    if (legs.hasNext()) {
      try {
        legs.next().broken(why);
      } finally {
        broken(legs, why);
      }
    }
  }

  /** The headers of the first have gone out: it alone may answer now. */
  void stopAllButFirst() {
    stopAllBut(running.getFirst());
  }

  /** That one has begun to answer: nobody else is waited for. */
  void stopAllBut(Leg one) {
    for (Leg other : running) {
      if (other != one) {
        other.stop(Ending.COMPLETED, Waste.HEDGE);
      }
    }
    running.clear();
    running.add(one);
  }

  /** Takes a leg out that came to nothing; returns whether another one goes on. */
  boolean outlive(Leg failed) {
    remove(failed);
    if (running.isEmpty()) {
      return false;
    }
    running.getFirst().offer();
    return true;
  }

  /**
   * Stops what nobody waits for once the client has left.
   *
   * @param forOthers whether others wait for the answer
   * @return whether any goes on
   */
  boolean goOnWithoutClient(boolean forOthers) {
    List<Leg> drained = new ArrayList<>(1);
    for (Leg leg : running) {
      boolean drains = drained.isEmpty() && leg.target().provider().drainOnDisconnect();
      if (forOthers || (drains && leg.isRunning())) {
        drained.add(leg);
        leg.setPaused(false);
      } else {
        leg.stop(Ending.CLIENT_GONE, Waste.ABORTED);
      }
    }
    running.retainAll(drained);
    return !running.isEmpty();
  }

  void setPaused(boolean paused) {
    running.forEach(leg -> leg.setPaused(paused));
  }
}

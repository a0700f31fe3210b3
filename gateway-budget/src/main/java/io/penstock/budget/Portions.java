package io.penstock.budget;

import io.penstock.budget.Request.Answer.Taken;
import java.util.ArrayList;
import java.util.List;

/** The portions of rates that one move asks for. Guarded by the replica's lock. */
final class Portions {
  private final Ahead ahead;
  private final int living;
  private final List<Portion> meters = new ArrayList<>();
  private final List<Request.Take> takes = new ArrayList<>();

  /**
   * Creates an empty list.
   *
   * @param ahead remembers who asks
   * @param living replicas that share the rates
   */
  Portions(Ahead ahead, int living) {
    this.ahead = ahead;
    this.living = living;
  }

  /** Asks for an amount of a rate; returns its index in the move. */
  int ask(Portion meter, long amount, long storeNow) {
    if (meters.contains(meter)) {
      Request.Take first = takes.get(meters.indexOf(meter));
      add(
          meter,
          new Request.Take(
              first.id(), first.windowMillis(), first.limit(), Math.max(1, amount), 0));
      return takes.size() - 1;
    }
    add(meter, meter.ask(amount, storeNow));
    int index = takes.size() - 1;
    Portion next = meter.sibling;
    if (next != null && !meters.contains(next) && next.isWanting(living, storeNow)) {
      add(next, next.askAhead(living));
    }
    return index;
  }

  /** Asks for up to so many portions of windows that have just begun. */
  void askAhead(int most, long storeNow) {
    List<Portion> asked = List.copyOf(meters);
    for (int i = 0; i < most; i++) {
      Portion meter = ahead.next(living, storeNow);
      if (meter == null) {
        return;
      }
      if (!asked.contains(meter)) {
        add(meter, meter.askAhead(living));
      }
    }
  }

  private void add(Portion meter, Request.Take take) {
    meters.add(meter);
    takes.add(take);
  }

  boolean isEmpty() {
    return takes.isEmpty();
  }

  List<Request.Take> takes() {
    return takes;
  }

  void granted(List<Taken> answers, long storeNow) {
    for (int i = 0; i < takes.size(); i++) {
      meters.get(i).granted(answers.get(i), storeNow);
      ahead.remember(meters.get(i));
    }
  }
}

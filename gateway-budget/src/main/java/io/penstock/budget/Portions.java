package io.penstock.budget;

import io.penstock.budget.Request.Answer.Taken;
import java.util.ArrayList;
import java.util.List;

/** The portions of rates that one move asks for. Guarded by the replica's lock. */
final class Portions {
  private final boolean ahead;
  private final List<RateMeter> meters = new ArrayList<>();
  private final List<Request.Take> takes = new ArrayList<>();

  /**
   * Creates an empty list.
   *
   * @param ahead whether to ask for more than is needed now: another move costs a round trip
   */
  Portions(boolean ahead) {
    this.ahead = ahead;
  }

  /** Asks for an amount of a rate; returns its index in the move. */
  int ask(RateMeter meter, long amount, long storeNow) {
    if (meters.contains(meter)) {
      Request.Take first = takes.get(meters.indexOf(meter));
      add(
          meter,
          new Request.Take(
              first.id(), first.windowMillis(), first.limit(), Math.max(1, amount), 0));
      return takes.size() - 1;
    }
    add(meter, meter.ask(amount, storeNow, ahead));
    int index = takes.size() - 1;
    RateMeter next = ahead ? meter.sibling : null;
    Request.Take early = next == null || meters.contains(next) ? null : next.askAhead(storeNow);
    if (next != null && early != null) {
      add(next, early);
    }
    return index;
  }

  private void add(RateMeter meter, Request.Take take) {
    meters.add(meter);
    takes.add(take);
  }

  List<Request.Take> takes() {
    return takes;
  }

  void granted(List<Taken> answers, long storeNow) {
    for (int i = 0; i < takes.size(); i++) {
      meters.get(i).granted(answers.get(i), storeNow);
    }
  }
}

package io.penstock.budget;

import io.penstock.core.Ticker;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Where calls get their answer: from slices at once, else from the replica, and where reservations
 * come back to. Thread-safe.
 */
final class Desk implements Reservation.Home {
  private final Ticker ticker;
  private final Slices slices;
  private final Replica replica;
  private final Driver driver;

  Desk(Ticker ticker, Slices slices, Replica replica, Driver driver) {
    this.ticker = ticker;
    this.slices = slices;
    this.replica = replica;
    this.driver = driver;
  }

  private long clock() {
    return ticker.nanoTime() / 1_000_000;
  }

  @Override
  public long storeNow() {
    return storeNow(clock());
  }

  /** Returns the store's time at a moment of {@link #clock}. */
  long storeNow(long now) {
    return now + replica.storeOffset();
  }

  @Override
  public long owner() {
    return slices.owner();
  }

  /** Answers a call that is made now, which is given. */
  Verdict decide(Call call, long now) {
    if (slices.take(call, now)) {
      return new Verdict.Granted(new Reservation(this, call));
    }
    return queue(call);
  }

  private Verdict queue(Call call) {
    CompletableFuture<Verdict> answer = new CompletableFuture<>();
    call.then(answer::complete);
    driver.run(r -> r.enqueue(call, clock()));
    Verdict verdict = answer.getNow(null);
    return verdict != null ? verdict : new Verdict.Pending(answer);
  }

  @Override
  public Verdict extend(Reservation reservation, long nanos, long tokens) {
    Call held = reservation.call();
    Call more =
        new Call(
                held.counters.clone(),
                held.meters,
                held.boundMeters,
                // What a budget counts beyond its limit is asked anew: deny_at ends streams too.
                Ask.more(nanos, tokens, held.redirectedBy()),
                // Its counters are those of the hold; rates are asked in the window of now.
                storeNow())
            .growing(reservation);
    if (slices.take(more, clock())) {
      return granted(more);
    }
    return queue(more);
  }

  /** What a call that has been granted becomes. */
  Verdict granted(Call call) {
    Reservation grows = call.grows();
    if (grows == null) {
      return new Verdict.Granted(new Reservation(this, call));
    }
    if (grows.grow(call)) {
      return new Verdict.Granted(grows);
    }
    slices.release(call);
    return new Verdict.Unavailable(0, "the reservation has been settled meanwhile");
  }

  @Override
  public List<Charge> settle(Reservation r, long nanos, long tokens, boolean cancel) {
    if (r.isEmpty()) {
      return List.of();
    }
    List<Charge> charges = new ArrayList<>(r.counters().length);
    boolean urgent =
        slices.settle(
            r,
            nanos,
            tokens,
            (c, owner, cost) -> {
              if (c.rule.shape.unit() != Limit.Unit.PERMITS) {
                charges.add(new Charge(c.key, owner, cost));
              }
            });
    Call call = r.call();
    for (int i = 0; i < call.meters.length && !call.unmetered; i++) {
      RateMeter meter = call.meters[i];
      if (meter.tokens) {
        meter.give(call.metered(i) - tokens, call.at, storeNow());
      } else if (cancel) {
        meter.give(1, call.at, storeNow());
      }
    }
    if (urgent) {
      driver.run(Replica::hurry);
    }
    return charges;
  }
}

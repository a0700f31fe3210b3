package io.penstock.budget;

import java.util.ArrayList;
import java.util.List;

/**
 * What one attempt holds, until it is settled, once. Thread-safe. Whoever got it settles it in
 * every ending; a hold that is never settled stays held until the process ends.
 */
public final class Reservation {
  /** Where a reservation was made. */
  interface Home {
    long owner();

    Verdict extend(Reservation reservation, long nanos, long tokens);

    List<Charge> settle(Reservation reservation, long nanos, long tokens, boolean cancel);

    long storeNow();
  }

  /** Hears how a settlement is booked. */
  interface Booked {
    void on(Counter counter, long owner, long cost);
  }

  private final Home home;
  private final Call call;
  private long nanos;
  private long tokens;
  private boolean settled;

  Reservation(Home home, Call call) {
    this.home = home;
    this.call = call;
    this.nanos = call.nanos;
    this.tokens = call.tokens;
  }

  Counter[] counters() {
    return call.counters;
  }

  Call call() {
    return call;
  }

  /** Returns whether no budget and no rate matched: nothing is held and nothing to be settled. */
  public boolean isEmpty() {
    return call.counters.length == 0 && call.meters.length == 0;
  }

  /** What was held when it was settled; nothing changes after that. */
  synchronized long held(Limit.Unit unit) {
    return switch (unit) {
      case NANO_USD -> nanos;
      case TOKENS -> tokens;
      case PERMITS -> 1;
    };
  }

  /** Returns the moment in the store's time that chose the windows, epoch milliseconds. */
  public long reservedAtMillis() {
    return call.at;
  }

  /** Returns the nano-USD held now. */
  public long heldNanos() {
    return held(Limit.Unit.NANO_USD);
  }

  /** Returns the tokens held now. */
  public long heldTokens() {
    return held(Limit.Unit.TOKENS);
  }

  /** Returns the holds as the journal's intent lists them; permits are not money and not in it. */
  public List<Charge> holds() {
    List<Charge> holds = new ArrayList<>(call.counters.length);
    long owner = home.owner();
    for (Counter c : call.counters) {
      if (c.rule.shape.unit() != Limit.Unit.PERMITS) {
        holds.add(new Charge(c.key, owner, held(c.rule.shape.unit())));
      }
    }
    return holds;
  }

  /**
   * Asks for more, in the windows of this hold. {@code Granted} carries this reservation.
   *
   * @param moreNanos beyond what is held
   * @param moreTokens beyond what is held
   */
  public Verdict extend(long moreNanos, long moreTokens) {
    return home.extend(this, moreNanos, moreTokens);
  }

  /** Takes over what an extension was granted; false when it came too late. */
  synchronized boolean grow(Call extension) {
    if (settled) {
      return false;
    }
    nanos += extension.nanos;
    tokens += extension.tokens;
    return true;
  }

  /**
   * Turns the hold into what the attempt cost. Only the first call does anything.
   *
   * @param actualNanos nano-USD; more than was held is debt that blocks the next call
   * @param actualTokens input plus output
   * @return the charges for the ledger's row; empty when it was settled before
   */
  public List<Charge> settle(long actualNanos, long actualTokens) {
    if (actualNanos < 0 || actualTokens < 0) {
      throw new IllegalArgumentException(
          "cost: %d nano-USD, %d tokens (expected: at least 0)"
              .formatted(actualNanos, actualTokens));
    }
    if (!end()) {
      return List.of();
    }
    return home.settle(this, actualNanos, actualTokens, false);
  }

  /** Gives everything back, requests of rates too: the attempt was never made. */
  public void cancel() {
    if (end()) {
      home.settle(this, 0, 0, true);
    }
  }

  private synchronized boolean end() {
    boolean first = !settled;
    settled = true;
    return first;
  }

  /**
   * Returns what the tightest budget of money that may refuse a call like this one still allows
   * beyond holds, as this replica knows it, nano-USD; {@link Long#MAX_VALUE} when there is no such
   * budget.
   */
  public long remainingNanos() {
    long least = Long.MAX_VALUE;
    for (Counter c : call.counters) {
      long most = c.rule.shape.unit() == Limit.Unit.NANO_USD ? call.refusesAt(c) : Long.MAX_VALUE;
      if (most != Long.MAX_VALUE) {
        least = Math.min(least, Math.max(0, most - c.used()));
      }
    }
    return least;
  }

  /** Returns the rates that this attempt used, for the headers. */
  public List<RateState> rates() {
    List<RateState> states = new ArrayList<>(call.meters.length);
    for (RateMeter meter : call.meters) {
      states.add(meter.state(home.storeNow()));
    }
    return states;
  }
}

package io.penstock.server.call;

import io.penstock.core.Ticker;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * Whether an event loop has more to do than it can. What waits for a loop waits in the kernel,
 * where nobody sees it; but everything that was ready when a turn of the loop began is done within
 * that turn, so the length of turns is what requests wait for.
 *
 * <pre>
 *   CALM --a long turn with as many as the long one before, or nearly; or a flood--> SHEDDING
 *  SHEDDING --a quarter of a second in which one in ten was refused, or fewer--> CALM
 * </pre>
 *
 * <p>A turn is long when it has lasted 50 ms and has taken in more than 100 requests: fewer costly
 * ones are no crowd. With 500 taken in, behind 200, it is at 12.5 ms: what they have begun is done
 * at its end. After a pause (collector, compiler, another process) each turn is shorter, or has
 * less to take in, than the one before, under overload it is not; so a pause sheds nothing, unless
 * a thousand requests have come in it: what a long turn takes in beyond those would wait for half a
 * second.
 *
 * <p>While shedding, a turn takes in requests for as long as leaves it at 1 ms with all that it has
 * to do besides, refusals and answers: what the last turns were too long, the next takes in less.
 * So when more comes than can be refused beside the usual work, that work gives way, and as long as
 * all can be refused, what waits in front of the gateway does not grow. 10 a turn are taken in
 * however long it lasts.
 *
 * <p>Confined to its event loop.
 */
public final class LoopPressure {
  static final long LONG_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  static final int CROWD = 100;

  /**
   * So many have begun what their turn has yet to do when it has taken them in: to write, to open
   * connections to a provider. It will be four times as old.
   */
  static final int MANY = 500;

  /** What the turn before must have taken in for that: a burst has its first few there. */
  static final int MANY_BEFORE = 200;

  /** So many in one turn that is long are more than any pause leaves behind. */
  static final int FLOOD = 1000;

  /** How long turns are to be while shedding. */
  static final long SHED_TURN_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  /** Taken in by every turn, or a gateway whose code is cold would get nothing done. */
  static final int SHED_CROWD = 10;

  /** Of what a turn was too long or too short, one in so many is made up for in the next. */
  private static final int DAMPING = 4;

  /** A turn without requests, such as one that opens connections to a provider, is not idleness. */
  static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /** So long is looked at for whether shedding is still needed. */
  static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  /** One refused in so many is what other threads of this CPU cause, not what clients ask. */
  private static final int STRAY = 10;

  private final Ticker ticker;
  private final Executor loop;
  private final Runnable turnOver = this::turnOver;
  private boolean inTurn;
  private long turnStart;
  private int taken;
  private long turnEnd;

  /** What the turn before has taken in if that was a crowd, else 0. */
  private int before;

  /** How long that turn was. */
  private long lasted;

  private boolean shedding;

  /** While shedding: how old a turn may be to take in one more. */
  private long allowance;

  /** Since when what is taken in and refused is counted, while shedding. */
  private long lookedAt;

  private int seen;
  private int refused;

  /**
   * Creates the pressure of a loop.
   *
   * @param loop what it is given while the loop is in a turn runs at the end of that turn
   */
  public LoopPressure(Ticker ticker, Executor loop) {
    this.ticker = ticker;
    this.loop = loop;
  }

  /** Work begins that is part of this turn: so its length is known, whoever began it. */
  public void work() {
    if (!inTurn) {
      begin();
    }
  }

  /** Returns whether a new request may be taken in. */
  public boolean admits() {
    work();
    seen++;
    if (taken >= (shedding ? SHED_CROWD : CROWD) && refuses(ticker.nanoTime())) {
      return false;
    }
    taken++;
    return true;
  }

  private boolean refuses(long now) {
    long age = now - turnStart;
    if (!shedding && isTooMuch(age)) {
      shed(now);
    }
    if (!shedding || age < allowance) {
      return false;
    }
    refused++;
    return true;
  }

  /**
   * A burst that is being worked off halves from turn to turn, or at least falls by a fifth; a
   * flood is not waited for. Below 500 it is looked at in time, too: a turn in which there was a
   * pause was longer than what it had taken in, and what came meanwhile is more.
   */
  private boolean isTooMuch(long age) {
    boolean isAsMany = before > 0 && taken > before - before / 5;
    boolean growsToMany = taken >= MANY && before >= MANY_BEFORE && isAsMany;
    boolean isAsLong = lasted >= LONG_NANOS && age > lasted - lasted / 5;
    return age >= LONG_NANOS / 4 && growsToMany
        || age >= LONG_NANOS && (taken >= FLOOD || isAsMany && isAsLong);
  }

  private void shed(long now) {
    shedding = true;
    allowance = SHED_TURN_NANOS;
    look(now);
  }

  private void look(long now) {
    lookedAt = now;
    seen = 0;
    refused = 0;
  }

  private void begin() {
    inTurn = true;
    turnStart = ticker.nanoTime();
    taken = 0;
    if (turnStart - turnEnd >= IDLE_NANOS) {
      before = 0;
    }
    if (shedding && turnStart - lookedAt >= LOOK_NANOS) {
      shedding = refused * STRAY > seen;
      look(turnStart);
    }
    loop.execute(turnOver);
  }

  private void turnOver() {
    inTurn = false;
    boolean crowd = taken > CROWD;
    if (!crowd && !shedding) {
      // Whatever its length: the next long turn is the first of a row.
      before = 0;
      return;
    }
    long now = ticker.nanoTime();
    long length = now - turnStart;
    // What was taken in at its beginning may have been what made it long.
    if (crowd && !shedding && isTooMuch(length)) {
      shed(now);
    }
    if (shedding) {
      long missed = (SHED_TURN_NANOS - length) / DAMPING;
      allowance = Math.clamp(allowance + missed, 0, SHED_TURN_NANOS);
    }
    before = crowd ? taken : 0;
    lasted = length;
    if (crowd) {
      turnEnd = now;
    }
  }
}

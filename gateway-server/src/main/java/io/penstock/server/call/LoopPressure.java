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
 *   CALM --a long turn, and one that lasts longer; or the fifth of a row--> SHEDDING
 *  SHEDDING --a second without a long turn--> CALM
 * </pre>
 *
 * <p>A turn is long when it has lasted 50 ms and has taken in 50 requests: a few costly ones are no
 * crowd. After a pause (collector, compiler, another process) each turn is shorter than the one
 * before, under overload it is not; so a pause sheds nothing. While shedding, a turn takes in no
 * more once it is long; so it ends soon after, and as soon as there is less to do nothing is
 * refused.
 *
 * <p>Confined to its event loop.
 */
public final class LoopPressure {
  static final long LONG_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  static final int CROWD = 50;
  static final int ROW = 4;

  /** A turn without requests, such as one that opens connections to a provider, is not idleness. */
  static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  static final long CALM_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Ticker ticker;
  private final Executor loop;
  private final Runnable turnOver = this::turnOver;
  private boolean inTurn;
  private long turnStart;
  private int taken;
  private long turnEnd;
  private long longTurnEnd;

  /** Long turns one after the other until now, and the length of the last. */
  private int row;

  private long before;

  private boolean shedding;

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
  void work() {
    if (!inTurn) {
      begin();
    }
  }

  /** Returns whether a new request may be taken in. */
  boolean admits() {
    work();
    if (taken >= CROWD && refuses(ticker.nanoTime() - turnStart)) {
      return false;
    }
    taken++;
    return true;
  }

  private boolean refuses(long age) {
    if (age < LONG_NANOS) {
      return false;
    }
    if (row >= ROW || row > 0 && age > before) {
      shedding = true;
    }
    return shedding;
  }

  private void begin() {
    inTurn = true;
    turnStart = ticker.nanoTime();
    taken = 0;
    if (turnStart - turnEnd >= IDLE_NANOS) {
      row = 0;
    }
    if (shedding && turnStart - longTurnEnd >= CALM_NANOS) {
      shedding = false;
    }
    loop.execute(turnOver);
  }

  private void turnOver() {
    inTurn = false;
    if (taken < CROWD) {
      // Whatever its length: the next long turn is the first of a row.
      row = 0;
      return;
    }
    turnEnd = ticker.nanoTime();
    long length = turnEnd - turnStart;
    if (length >= LONG_NANOS) {
      before = length;
      longTurnEnd = turnEnd;
      row++;
    } else {
      row = 0;
    }
  }
}

package io.penstock.server.client;

import io.netty.channel.Channel;
import io.netty.util.concurrent.Ticker;
import java.util.concurrent.TimeUnit;

/**
 * How long a client is waited for where no request is under way: for its next one, for the rest of
 * a head that has begun, or until it has taken what it was answered. Confined to its event loop.
 */
final class BetweenRequests {
  private final Channel channel;
  private final ClientLimits limits;
  private final Ticker ticker;
  private long sinceNanos;
  private long untaken;
  private boolean served;
  private boolean headBegun;

  /** Creates the clock of a connection or stream that begins now. */
  BetweenRequests(Channel channel, ClientLimits limits) {
    this.channel = channel;
    this.limits = limits;
    this.ticker = channel.eventLoop().ticker();
    this.sinceNanos = ticker.nanoTime();
  }

  /** Returns since when the client is waited for, nanoseconds of the loop's clock. */
  long sinceNanos() {
    return sinceNanos;
  }

  /**
   * A head has begun; returns whether that is news. The first of a connection has the connection's
   * own time, which has begun before it.
   */
  boolean headBegins() {
    boolean news = !headBegun;
    headBegun = true;
    if (news && served) {
      sinceNanos = ticker.nanoTime();
    }
    return news;
  }

  /** A request is under way. */
  void requestBegins() {
    headBegun = false;
  }

  /** It is over: its answer is on its way. */
  void answered() {
    served = true;
    sinceNanos = ticker.nanoTime();
    untaken = Unread.waiting(channel);
  }

  /** The client has taken all of an answer. */
  void taken() {
    sinceNanos = ticker.nanoTime();
  }

  /**
   * Returns what is left of the client's time, milliseconds.
   *
   * @param taking whether it has not taken all of its answers
   */
  long leftMillis(boolean taking) {
    long most = limits.headMillis();
    if (taking) {
      most = limits.stalledMillis();
    } else if (served && !headBegun) {
      most = limits.keepAliveMillis();
    }
    return most - TimeUnit.NANOSECONDS.toMillis(ticker.nanoTime() - sinceNanos);
  }

  /**
   * Returns whether the client has taken nothing of its answers since this was asked last; else its
   * time begins anew.
   */
  boolean isStalled() {
    long before = untaken;
    untaken = Unread.waiting(channel);
    if (untaken >= before) {
      return true;
    }
    sinceNanos = ticker.nanoTime();
    return false;
  }
}

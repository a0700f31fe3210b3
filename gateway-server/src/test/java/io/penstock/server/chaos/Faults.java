package io.penstock.server.chaos;

import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * What goes wrong, one after the other, from a seed. A store loses its data only while every
 * gateway is alive: what a dead one held is then unknown, as docs/budgets.md says.
 */
final class Faults {
  /** One thing that goes wrong. */
  enum Fault {
    KILL,
    STOP_AND_CONTINUE,
    LEAVE_IN_ORDER,
    CLOCK_JUMP,
    CLIENT_PAUSE,
    SCRIPT_FLUSH,
    LOSS,
    FAILOVER
  }

  private final List<GatewayProcess> gateways;
  private final Backends stores;
  private final CallBook book;
  private final Random random;

  Faults(List<GatewayProcess> gateways, Backends stores, CallBook book, long seed) {
    this.gateways = gateways;
    this.stores = stores;
    this.book = book;
    this.random = new Random(seed);
  }

  /** Lets clients work for a while: nothing is awaited. */
  void work(long leastMillis, long mostMillis) {
    long millis = leastMillis + random.nextLong(mostMillis - leastMillis + 1);
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(millis));
  }

  /** Makes one thing go wrong and waits until every gateway is ready again. */
  void inject(Fault fault) {
    GatewayProcess gateway = gateways.get(random.nextInt(gateways.size()));
    boolean harmless = fault == Fault.CLOCK_JUMP || fault == Fault.SCRIPT_FLUSH;
    if (!harmless) {
      book.disturbed();
    }
    switch (fault) {
      case KILL -> {
        gateway.kill();
        work(0, 2_000);
        gateway.start();
        gateway.awaitServing();
      }
      case STOP_AND_CONTINUE -> {
        gateway.signal("STOP");
        work(500, 13_000);
        gateway.signal("CONT");
      }
      case LEAVE_IN_ORDER -> {
        gateway.stop();
        gateway.start();
        gateway.awaitServing();
      }
      case CLOCK_JUMP -> gateway.jump(random.nextLong(7_200_000) - 3_600_000);
      case CLIENT_PAUSE -> {
        long millis = 300 + random.nextLong(4_000);
        stores.pause(millis);
        work(millis, millis);
      }
      case SCRIPT_FLUSH -> stores.forgetScripts();
      case LOSS -> stores.lose();
      case FAILOVER -> stores.failOver(() -> work(0, 500));
    }
    awaitReady();
    if (!harmless) {
      book.calm();
    }
  }

  void awaitReady() {
    for (GatewayProcess gateway : gateways) {
      Patience.until("a gateway is ready", gateway::isReady);
    }
  }

  Fault any() {
    return Fault.values()[random.nextInt(Fault.values().length)];
  }
}

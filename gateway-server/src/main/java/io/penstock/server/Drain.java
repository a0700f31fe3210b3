package io.penstock.server;

import io.netty.util.concurrent.Future;
import io.penstock.server.call.Load;
import io.penstock.server.call.LoopContext;
import io.penstock.server.call.reply.Refusals;
import io.penstock.server.client.ClientServer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of a process's traffic: nothing new is taken, what is under way has a time to end, and
 * what is left then is told so. Used by one thread, which it blocks.
 */
final class Drain {
  private static final Logger LOG = LoggerFactory.getLogger(Drain.class);

  /** How long a loop may take to end its calls, and clients to take what they are told. */
  private static final long LAST_WORDS_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final Load load;
  private final ClientServer traffic;
  private final List<LoopContext> contexts;

  Drain(Load load, ClientServer traffic, List<LoopContext> contexts) {
    this.load = load;
    this.traffic = traffic;
    this.contexts = contexts;
  }

  /**
   * Waits until nothing is under way, and ends what still is after that time.
   *
   * @param most that time, nanoseconds
   */
  void run(long most) {
    LOG.atInfo().addKeyValue("calls", load.inflight()).log("draining");
    traffic.drain();
    await(most);
    load.cut();
    int cut = 0;
    for (Future<Integer> ended : contexts.stream().map(Drain::cut).toList()) {
      ended.awaitUninterruptibly(LAST_WORDS_NANOS, TimeUnit.NANOSECONDS);
      // A loop that could not do it has logged why; what comes after this is done all the same.
      cut += ended.isSuccess() ? ended.getNow() : 0;
    }
    if (cut > 0) {
      await(LAST_WORDS_NANOS);
    }
    traffic.close();
    LOG.atInfo().addKeyValue("cut", cut).log("drain over");
  }

  private static Future<Integer> cut(LoopContext context) {
    return context.loop().submit(() -> context.calls().cut(Refusals.cut()));
  }

  /** A connection ends after its last answer has been taken, which may be later than the call. */
  private void await(long nanos) {
    long begun = System.nanoTime();
    while ((load.inflight() > 0 || traffic.connections() > 0)
        && System.nanoTime() - begun < nanos) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
  }
}

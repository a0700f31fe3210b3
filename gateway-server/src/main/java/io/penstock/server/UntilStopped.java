package io.penstock.server;

import io.penstock.server.command.ExitCode;
import io.penstock.server.store.ServingLock;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** Runs a gateway until the process is told to stop. */
final class UntilStopped {
  /** A stop waits so long for a start that is under way. */
  private static final long START_SECONDS = 30;

  private UntilStopped() {}

  /**
   * Starts the gateway and never returns: SIGTERM closes it and ends the process with 0.
   *
   * @param hangups whether SIGHUP has it read its configuration; else that ends it
   * @param then told of the gateway once it serves
   * @throws Exception what the start throws
   */
  static void run(boolean hangups, Callable<Gateway> start, Consumer<Gateway> then)
      throws Exception {
    CompletableFuture<Gateway> running = new CompletableFuture<>();
    // Before a port is open: who sees one may ask for a stop at once.
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(running), "shutdown"));
    if (hangups) {
      Signals.onHangup(() -> running.thenAccept(gateway -> gateway.reloader().readNow()));
    }
    Gateway gateway;
    try {
      gateway = start.call();
    } catch (Exception e) {
      running.completeExceptionally(e);
      throw e;
    }
    running.complete(gateway);
    then.accept(gateway);
    new CountDownLatch(1).await();
  }

  private static void stop(CompletableFuture<Gateway> running) {
    // A start that waits for another gateway's ledger would begin to serve only to end.
    ServingLock.stop();
    try {
      running.get(START_SECONDS, TimeUnit.SECONDS).close();
    } catch (ExecutionException | TimeoutException | InterruptedException e) {
      // It never served: the exit code is that of the failure, or of the signal.
      return;
    }
    // A stop that was asked for is a job done: 0, not the JVM's 128 + signal.
    Runtime.getRuntime().halt(ExitCode.OK);
  }
}

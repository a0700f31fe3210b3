package io.penstock.budget;

import io.penstock.budget.Request.Answer;
import io.penstock.core.Ticker;
import java.util.ArrayDeque;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Runs a replica against its link: one request at a time, answers to callers outside the lock. */
final class Driver {
  /** A call and its answer. */
  private record Answered(Call call, Verdict verdict) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Answered> completed = new ArrayDeque<>();
  private final Ticker ticker;
  private final Replica replica;
  private final Request.Link link;

  Driver(Ticker ticker, Replica replica, Request.Link link) {
    this.ticker = ticker;
    this.replica = replica;
    this.link = link;
  }

  /** Milliseconds of the replica's clock: monotonic. */
  long now() {
    return ticker.nanoTime() / 1_000_000;
  }

  /** Keeps an answer until the lock is free. */
  void complete(Call call, Verdict verdict) {
    completed.add(new Answered(call, verdict));
  }

  /** Does something to the replica, then whatever it wants to send. */
  void run(Consumer<Replica> action) {
    ArrayDeque<Answered> ripe;
    lock.lock();
    try {
      action.accept(replica);
      pump();
      ripe = new ArrayDeque<>(completed);
      completed.clear();
    } finally {
      // Also after a failure: without ticks no lease is renewed.
      link.wakeIn(replica.rest(now()));
      lock.unlock();
    }
    for (Answered a : ripe) {
      a.call.complete(a.verdict);
    }
  }

  private void pump() {
    Request request = replica.next(now());
    while (request != null) {
      @Nullable Answer answer = link.send(request);
      if (answer == null) {
        return;
      }
      replica.answered(answer, now());
      request = replica.next(now());
    }
  }
}

package io.penstock.budget;

import io.penstock.budget.Request.Answer;
import io.penstock.testkit.Await;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * One store in memory that several whole {@link Budgets} share, with the settings of production, in
 * the test's time: it can pause, and counts what it is asked. Led by the test's thread.
 */
final class SharedStore {
  private final TestTicker ticker;
  private final MemoryStore store;
  private final List<Link> links = new ArrayList<>();
  private final List<Budgets> replicas = new ArrayList<>();
  private boolean paused;
  private long asked;
  private long reads;

  SharedStore(TestTicker ticker) {
    this.ticker = ticker;
    this.store = new MemoryStore(Settings.shared(Outage.SHARE).lease(), 0, false);
  }

  /** Opens a replica. */
  Budgets open(Outage outage, BudgetPlan plan) {
    return open(outage, plan, BudgetListener.NONE);
  }

  /** Opens a replica whose alerts somebody hears. */
  Budgets open(Outage outage, BudgetPlan plan, BudgetListener listener) {
    Link link = new Link();
    Budgets budgets = new Budgets(ticker, Settings.shared(outage), listener, NoFeed.INSTANCE, link);
    budgets.reload(plan);
    links.add(link);
    replicas.add(budgets);
    return budgets;
  }

  /** Lets time pass as the timers of replicas see it: one every 10 ms, one every second. */
  void advance(long millis) {
    for (long passed = 0; passed < millis; passed += 10) {
      ticker.advance(10);
      long now = ticker.epochMillis();
      links.forEach(link -> link.driver().run(r -> r.tick(now)));
      if (now % 1_000 == 0) {
        replicas.forEach(Budgets::tick);
      }
    }
  }

  /** Lets all replicas join, which takes the thread that asks the ledger; then it is a minute. */
  void awaitReady() {
    Await.until(
        "replicas are ready",
        () -> {
          advance(10);
          return replicas.stream().allMatch(Budgets::isReady);
        });
    advance(60_000 - ticker.epochMillis() % 60_000);
  }

  /** A replica that was opened says nothing more, as if its process had been killed. */
  void kill(Budgets replica) {
    links.remove(replicas.indexOf(replica));
    replicas.remove(replica);
  }

  /** Nothing is answered from now on. */
  void pause() {
    paused = true;
  }

  /** What a client makes of an answer that does not come: the connection is given up. */
  void giveUp() {
    links.forEach(link -> link.driver().run(Replica::broken));
  }

  /** Answers again, on new connections. */
  void resume() {
    paused = false;
    links.forEach(link -> link.driver().run(r -> r.connected(link.driver().now())));
  }

  /** How many requests it was sent. */
  long asked() {
    return asked;
  }

  /** How many counters were read, beside what it was sent. */
  long reads() {
    return reads;
  }

  /** What all replicas have told to be spent. */
  long spent() {
    long sum = 0;
    for (StoredCounter c : store.counters()) {
      sum += c.spent;
    }
    return sum;
  }

  private final class Link implements BudgetStore {
    private @Nullable Driver driver;

    private Driver driver() {
      return Objects.requireNonNull(driver);
    }

    @Override
    public void start(Driver started) {
      driver = started;
      started.run(r -> r.connected(started.now()));
    }

    @Override
    public @Nullable Answer send(Request request) {
      if (paused) {
        return null;
      }
      Answer answer;
      // While replicas join, what the ledger answers comes on threads of its own.
      synchronized (store) {
        asked++;
        answer = store.apply(request, ticker.epochMillis());
      }
      if (request instanceof Request.Move move && answer instanceof Answer.Moved moved) {
        for (int i = 0; i < moved.counters().size(); i++) {
          publish(move.counters().get(i).key().id(), moved.counters().get(i).tight());
        }
      }
      return answer;
    }

    /** The channel on which recalls are told. */
    private void publish(UUID counter, long recall) {
      for (Link other : links) {
        if (other != this && recall != 0) {
          other.driver().run(r -> r.tightened(counter, recall));
        }
      }
    }

    @Override
    public CompletionStage<Long> spent(CounterKey key) {
      reads++;
      if (paused) {
        return new CompletableFuture<>();
      }
      StoredCounter counter = store.counter(key.id());
      return CompletableFuture.completedFuture(counter == null ? 0L : counter.spent);
    }

    @Override
    public CompletionStage<BudgetPage> page(String cursor, int most) {
      return CompletableFuture.failedStage(new UnsupportedOperationException());
    }

    @Override
    public void close() {
      // Nothing is open.
    }
  }
}

package io.penstock.server.alerts;

import io.penstock.core.Ticker;
import io.penstock.server.config.AlertConfig;
import io.penstock.server.config.value.Word;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has alerts posted to the receivers of the configuration in force, and to no other: what waits for
 * one that is gone ends. Any thread; never blocks.
 */
final class Webhooks implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Webhooks.class);

  /** Those behind them have no room, so that what waits stays bounded. */
  static final int MOST_RECEIVERS = 32;

  private static final long TICK_MILLIS = 500;

  private final Supplier<List<AlertConfig>> configured;
  private final Outbox.Means means;
  private final Map<Word.AlertKind, Map<Undelivered, LongAdder>> lost =
      new EnumMap<>(Word.AlertKind.class);
  private List<Outbox> outboxes = List.of();
  private List<AlertConfig> followed = List.of();
  private Runnable atClose = () -> {};

  /**
   * Creates it; what is posted again waits for {@link #tick}.
   *
   * @param configured is read whenever something is to be posted; returns the same list while the
   *     configuration is the same
   * @param workers where posts may block
   */
  Webhooks(
      Supplier<List<AlertConfig>> configured,
      Ticker ticker,
      Executor workers,
      Outbox.Poster poster) {
    this.configured = configured;
    this.means = new Outbox.Means(workers, poster, ticker, this::follow, this::lose);
    for (Word.AlertKind kind : Word.AlertKind.values()) {
      Map<Undelivered, LongAdder> counts = new EnumMap<>(Undelivered.class);
      for (Undelivered why : Undelivered.values()) {
        counts.put(why, new LongAdder());
      }
      lost.put(kind, counts);
    }
  }

  /** Creates one with threads and connections of its own. */
  static Webhooks start(Supplier<List<AlertConfig>> configured, Ticker ticker) {
    ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
    ScheduledExecutorService timer =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofVirtual().name("alerts-timer").factory());
    WebhookHttp http = new WebhookHttp();
    Webhooks webhooks = new Webhooks(configured, ticker, workers, http);
    webhooks.atClose =
        () -> {
          timer.shutdownNow();
          http.close();
          workers.shutdown();
        };
    timer.scheduleWithFixedDelay(webhooks::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
    return webhooks;
  }

  void post(Alert alert) {
    for (Outbox outbox : inForce()) {
      outbox.add(alert);
    }
  }

  /** Posts again what is due. */
  void tick() {
    inForce().forEach(Outbox::start);
  }

  /** Returns how the posts to each receiver fare, in the order of the configuration. */
  List<Delivery> deliveries() {
    return inForce().stream().map(Outbox::delivery).toList();
  }

  /** Returns how many of a kind some receiver was never told of, for that reason. */
  long undelivered(Word.AlertKind kind, Undelivered why) {
    return count(kind, why).sum();
  }

  private void lose(Word.AlertKind kind, Undelivered why) {
    count(kind, why).increment();
  }

  private LongAdder count(Word.AlertKind kind, Undelivered why) {
    return Objects.requireNonNull(Objects.requireNonNull(lost.get(kind)).get(why));
  }

  private synchronized List<Outbox> inForce() {
    follow();
    return outboxes;
  }

  private synchronized void follow() {
    List<AlertConfig> now = configured.get();
    if (now.equals(followed)) {
      return;
    }
    followed = now;
    List<Outbox> before = new ArrayList<>(outboxes);
    @Nullable Outbox[] known = new Outbox[now.size()];
    // Those that want what they wanted first: of two with one address each keeps what waits for it.
    for (boolean sameKinds : new boolean[] {true, false}) {
      for (int i = 0; i < known.length; i++) {
        known[i] = known[i] == null ? taken(before, now.get(i), sameKinds) : known[i];
      }
    }
    List<Outbox> after = new ArrayList<>();
    for (int i = 0; i < known.length; i++) {
      AlertConfig one = now.get(i);
      // An empty address is nobody.
      if (!one.webhook().reveal().isBlank()) {
        int room = after.size() < MOST_RECEIVERS ? Outbox.ROOM : 0;
        Outbox same = known[i];
        if (same == null) {
          after.add(new Outbox(one, i, room, means));
        } else {
          same.follow(one, i, room);
          after.add(same);
        }
      }
    }
    outboxes = List.copyOf(after);
    before.forEach(Outbox::end);
  }

  /** Takes out the first that an edit has made the receiver what it is now; null: there is none. */
  private static @Nullable Outbox taken(List<Outbox> from, AlertConfig now, boolean sameKinds) {
    for (Outbox one : from) {
      if (one.isOf(now, sameKinds)) {
        from.remove(one);
        return one;
      }
    }
    return null;
  }

  /** Ends what waits to be posted again. */
  @Override
  public void close() {
    List<Outbox> last = inForce();
    int waiting = 0;
    for (Outbox outbox : last) {
      waiting += outbox.delivery().waiting();
      outbox.end();
    }
    if (waiting > 0) {
      LOG.warn("the gateway stops; {} posts of alerts were not taken yet", waiting);
    }
    atClose.run();
  }
}

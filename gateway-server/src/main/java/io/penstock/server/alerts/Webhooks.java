package io.penstock.server.alerts;

import io.penstock.core.Ticker;
import io.penstock.server.config.AlertConfig;
import io.penstock.server.config.value.SecretUrl;
import io.penstock.server.config.value.Word;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
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

  /** An edit may move it, sign it otherwise or have it want others; it stays the same receiver. */
  private record Receiver(SecretUrl webhook, int nthOfTheAddress) {}

  private final Supplier<List<AlertConfig>> configured;
  private final Outbox.Means means;
  private final Map<Word.AlertKind, Map<Undelivered, LongAdder>> lost =
      new EnumMap<>(Word.AlertKind.class);
  private Map<Receiver, Outbox> outboxes = new LinkedHashMap<>();
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
    return List.copyOf(outboxes.values());
  }

  private synchronized void follow() {
    List<AlertConfig> now = configured.get();
    if (now.equals(followed)) {
      return;
    }
    followed = now;
    Map<Receiver, Outbox> before = outboxes;
    outboxes = new LinkedHashMap<>();
    Map<SecretUrl, Integer> met = new HashMap<>();
    for (int i = 0; i < now.size(); i++) {
      AlertConfig one = now.get(i);
      // An empty address is nobody.
      if (!one.webhook().reveal().isBlank()) {
        Receiver receiver = new Receiver(one.webhook(), met.merge(one.webhook(), 1, Integer::sum));
        int room = outboxes.size() < MOST_RECEIVERS ? Outbox.ROOM : 0;
        Outbox known = before.remove(receiver);
        if (known == null) {
          known = new Outbox(one, i, room, means);
        } else {
          known.follow(one, i, room);
        }
        outboxes.put(receiver, known);
      }
    }
    before.values().forEach(Outbox::end);
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

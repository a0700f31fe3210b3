package io.penstock.server.alerts;

import io.penstock.core.Seldom;
import io.penstock.core.Ticker;
import io.penstock.server.alerts.PostQueue.Post;
import io.penstock.server.config.AlertConfig;
import io.penstock.server.config.value.Word;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one receiver is to be told. It has its own room and its own few posts at once, so that it
 * takes nothing from others when it is slow or away. What was never posted goes before what is
 * posted again. Any thread; its lock is held for operations on its queues alone, as alerts come
 * under the budgets' lock.
 */
final class Outbox {
  private static final Logger LOG = LoggerFactory.getLogger(Outbox.class);

  /** How many may wait for one receiver; a burst of a few hundred thresholds has room. */
  static final int ROOM = 1000;

  static final int AT_ONCE = 4;

  /** With pauses that double, eight and a half minutes: a restart of the receiver loses nothing. */
  static final int TRIES = 11;

  private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final long LOG_PAUSE_NANOS = TimeUnit.MINUTES.toNanos(1);

  /** Tells a receiver; blocks. */
  interface Poster {
    /** Returns why it was not taken, "" when it was; never the address, which may hold a token. */
    String post(Alert alert, AlertConfig to);
  }

  /**
   * What all outboxes share.
   *
   * @param workers where posts may block
   * @param follow reads the configuration in force, before each try
   * @param losses counts what is not delivered, by kind
   */
  record Means(Executor workers, Poster poster, Ticker ticker, Runnable follow, Losses losses) {}

  /** Takes in that an alert was not delivered to someone. */
  interface Losses {
    void add(Word.AlertKind kind, Undelivered why);
  }

  private final Means means;
  private final Seldom failures = new Seldom(LOG_PAUSE_NANOS);
  private final Seldom lost = new Seldom(LOG_PAUSE_NANOS);
  private final PostQueue queue = new PostQueue();
  private final Map<Undelivered, Long> undelivered = new EnumMap<>(Undelivered.class);
  private AlertConfig config;
  private int place;
  private int room;
  private int underWay;
  private boolean ended;
  private long delivered;
  private @Nullable Instant lastDelivered;
  private @Nullable Instant lastFailed;
  private String problem = "";

  /** Creates one for the receiver at that place of the configuration. */
  Outbox(AlertConfig config, int place, int room, Means means) {
    this.config = config;
    this.place = place;
    this.room = room;
    this.means = means;
    for (Undelivered why : Undelivered.values()) {
      undelivered.put(why, 0L);
    }
  }

  /** Takes in an alert, when the receiver wants its kind. */
  void add(Alert alert) {
    Alert without = null;
    synchronized (this) {
      if (ended || !config.on().contains(alert.kind())) {
        return;
      }
      boolean fits = waiting() < room;
      if (!fits) {
        without = queue.evict(alert.kind());
        fits = without != null;
      }
      if (fits) {
        queue.add(new Post(alert, config));
      } else {
        without = alert;
      }
    }
    if (without != null) {
      lose(without, Undelivered.NO_ROOM);
    }
    start();
  }

  private int waiting() {
    return queue.size() + underWay;
  }

  /** Starts what is due and may be under way. */
  void start() {
    try {
      for (Post post = take(); post != null; post = take()) {
        Post mine = post;
        means.workers().execute(() -> work(mine));
      }
    } catch (RejectedExecutionException e) {
      LOG.debug("the gateway stops", e);
    }
  }

  private synchronized @Nullable Post take() {
    if (ended || underWay == AT_ONCE) {
      return null;
    }
    Post post = queue.poll(means.ticker().nanoTime());
    if (post != null) {
      post.to = config;
      underWay++;
    }
    return post;
  }

  /** Posts one after another while some are due. */
  private void work(Post begin) {
    for (Post post = begin; post != null; post = take()) {
      String why = "an error of the gateway";
      try {
        why = means.poster().post(post.alert, post.to);
      } finally {
        settle(post, why);
      }
      means.follow().run();
    }
  }

  private void settle(Post post, String why) {
    Undelivered end;
    synchronized (this) {
      underWay--;
      Instant now = Instant.ofEpochMilli(means.ticker().epochMillis());
      if (why.isEmpty()) {
        delivered++;
        lastDelivered = now;
        return;
      }
      lastFailed = now;
      problem = why;
      post.tries++;
      end = endOf(post);
      if (end == null) {
        post.due = means.ticker().nanoTime() + (FIRST_PAUSE_NANOS << (post.tries - 1));
        queue.addAgain(post);
      }
    }
    long failed = failures.counts(means.ticker().nanoTime());
    if (failed > 0) {
      LOG.atWarn()
          .addKeyValue("webhook", post.to.webhook())
          .addKeyValue("alert", post.alert.id())
          .addKeyValue("attempt", post.tries)
          .addKeyValue("failed", failed)
          .log("a receiver does not take alerts: " + why);
    }
    if (end != null) {
      lose(post.alert, end);
    }
  }

  private @Nullable Undelivered endOf(Post post) {
    if (ended || !config.on().contains(post.alert.kind())) {
      return Undelivered.UNWANTED;
    }
    return post.tries < TRIES ? null : Undelivered.GAVE_UP;
  }

  private void lose(Alert alert, Undelivered why) {
    means.losses().add(alert.kind(), why);
    AlertConfig to;
    synchronized (this) {
      undelivered.merge(why, 1L, Long::sum);
      to = config;
    }
    long count = why == Undelivered.UNWANTED ? 0 : lost.counts(means.ticker().nanoTime());
    if (count > 0) {
      LOG.atError()
          .addKeyValue("webhook", to.webhook())
          .addKeyValue("alert", alert.id())
          .addKeyValue("lost", count)
          .log("a receiver is not told of an alert: " + reason(why));
    }
  }

  private synchronized String reason(Undelivered why) {
    if (why == Undelivered.GAVE_UP) {
      return "it failed " + TRIES + " times";
    }
    return room > 0
        ? room + " wait for it"
        : "alerts go to the first " + Webhooks.MOST_RECEIVERS + " receivers";
  }

  /**
   * Returns whether it is for the receiver of that address.
   *
   * @param sameKinds whether it also has to want the same
   */
  synchronized boolean isOf(AlertConfig other, boolean sameKinds) {
    return config.webhook().equals(other.webhook())
        && (!sameKinds || config.on().equals(other.on()));
  }

  /** Goes on with what the configuration says of the receiver now. */
  void follow(AlertConfig now, int at, int hasRoom) {
    List<Alert> unwanted = new ArrayList<>();
    synchronized (this) {
      boolean wantsOthers = !now.on().equals(config.on());
      config = now;
      place = at;
      room = hasRoom;
      if (wantsOthers) {
        unwanted.addAll(queue.drop(kind -> !config.on().contains(kind)));
      }
    }
    unwanted.forEach(alert -> lose(alert, Undelivered.UNWANTED));
  }

  /** Ends all that waits: the receiver is gone. */
  void end() {
    List<Alert> unwanted;
    synchronized (this) {
      ended = true;
      unwanted = queue.drop(kind -> true);
    }
    unwanted.forEach(alert -> lose(alert, Undelivered.UNWANTED));
  }

  /** Returns how its posts fare. */
  synchronized Delivery delivery() {
    return new Delivery(
        place,
        config,
        delivered,
        waiting(),
        queue.again(),
        new EnumMap<>(undelivered),
        lastDelivered,
        lastFailed,
        problem);
  }
}

package io.penstock.server.alerts;

import io.penstock.budget.BudgetAlert;
import io.penstock.budget.BudgetListener;
import io.penstock.core.Ticker;
import io.penstock.ledger.LedgerRow;
import io.penstock.server.config.AlertConfig;
import io.penstock.server.config.value.Word;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes alerts from anywhere, logs them, keeps the last ones and has them posted. Never blocks,
 * never throws: it is called under the budgets' lock.
 */
public final class Alerts implements BudgetListener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Alerts.class);
  private static final int KEPT = 100;

  private final Ticker ticker;
  private final Webhooks webhooks;
  private final Set<String> unpriced = ConcurrentHashMap.newKeySet();
  private final Set<String> opened = new HashSet<>();
  private long openedHour;
  private final FallbackSpend fallbacks = new FallbackSpend();
  private final Map<Word.AlertKind, LongAdder> counts = new EnumMap<>(Word.AlertKind.class);
  private final ArrayDeque<Alert> recent = new ArrayDeque<>(KEPT);

  /**
   * Creates it; the receivers are read whenever something is posted, also again.
   *
   * @param receivers returns the same list while the configuration is the same; an empty address is
   *     nobody
   */
  public Alerts(Supplier<List<AlertConfig>> receivers, Ticker ticker) {
    this.webhooks = Webhooks.start(receivers, ticker);
    this.ticker = ticker;
    for (Word.AlertKind kind : Word.AlertKind.values()) {
      counts.put(kind, new LongAdder());
    }
  }

  @Override
  public void alert(BudgetAlert alert) {
    raise(Alert.of(alert));
  }

  /** A target has no price: told once while this process lives. */
  public void unpriced(String target) {
    if (unpriced.add(target)) {
      raise(Alert.unpriced(target, now()));
    }
  }

  /** A target's breaker has opened: told once an hour, however often it does. */
  public void breakerOpened(String target) {
    Instant now = now();
    long hour = TimeUnit.SECONDS.toHours(now.getEpochSecond());
    if (isFirst(target, hour)) {
      raise(Alert.breaker(target, hour, now));
    }
  }

  /** Only this hour's are remembered: where {@code *} is, clients make up names. */
  private boolean isFirst(String target, long hour) {
    synchronized (opened) {
      if (hour != openedHour) {
        openedHour = hour;
        opened.clear();
      }
      return opened.add(target);
    }
  }

  /** Takes in a committed row; on the ledger's thread. */
  public void committed(LedgerRow row) {
    FallbackSpend.Hour much = fallbacks.add(row);
    if (much != null) {
      raise(Alert.fallbackSpend(much, now()));
    }
  }

  /** Returns what fallbacks have cost since the process began. */
  public double fallbackUsd() {
    return fallbacks.allNanos() / 1e9;
  }

  private Instant now() {
    return Instant.ofEpochMilli(ticker.epochMillis());
  }

  /** Returns how many of a kind were raised. */
  public long raised(Word.AlertKind kind) {
    return Objects.requireNonNull(counts.get(kind)).sum();
  }

  /** Returns how many of a kind some receiver was never told of, for that reason. */
  public long undelivered(Word.AlertKind kind, Undelivered why) {
    return webhooks.undelivered(kind, why);
  }

  private void raise(Alert alert) {
    LOG.atWarn().addKeyValue("alert", alert.id()).log(alert.text());
    Objects.requireNonNull(counts.get(alert.kind())).increment();
    synchronized (recent) {
      if (recent.size() == KEPT) {
        recent.removeLast();
      }
      recent.addFirst(alert);
    }
    webhooks.post(alert);
  }

  /** Returns the last ones of this process, newest first. */
  public List<Alert> recent() {
    synchronized (recent) {
      return List.copyOf(recent);
    }
  }

  /** Returns how the posts to each receiver fare, as the admin port shows it. */
  public List<Map<String, @Nullable Object>> deliveries() {
    return webhooks.deliveries().stream().map(Delivery::json).toList();
  }

  /** Ends what waits to be posted again. */
  @Override
  public void close() {
    webhooks.close();
  }
}

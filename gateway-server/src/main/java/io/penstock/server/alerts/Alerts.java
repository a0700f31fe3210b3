package io.penstock.server.alerts;

import io.penstock.budget.BudgetAlert;
import io.penstock.budget.BudgetListener;
import io.penstock.core.Ticker;
import io.penstock.server.config.AlertConfig;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes alerts from anywhere, logs them, keeps the last ones and has them posted. Never blocks,
 * never throws: it is called under the budgets' lock.
 */
public final class Alerts implements BudgetListener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Alerts.class);
  private static final int KEPT = 100;

  private final Supplier<List<AlertConfig>> receivers;
  private final Ticker ticker;
  private final Webhooks webhooks = new Webhooks();
  private final Set<String> unpriced = ConcurrentHashMap.newKeySet();
  private final ArrayDeque<Alert> recent = new ArrayDeque<>(KEPT);

  /** Creates it; the receivers are read for each alert. */
  public Alerts(Supplier<List<AlertConfig>> receivers, Ticker ticker) {
    this.receivers = receivers;
    this.ticker = ticker;
  }

  @Override
  public void alert(BudgetAlert alert) {
    raise(Alert.of(alert));
  }

  /** A target has no price: told once while this process lives. */
  public void unpriced(String target) {
    if (unpriced.add(target)) {
      raise(Alert.unpriced(target, Instant.ofEpochMilli(ticker.epochMillis())));
    }
  }

  private void raise(Alert alert) {
    LOG.atWarn().addKeyValue("alert", alert.id()).log(alert.text());
    synchronized (recent) {
      if (recent.size() == KEPT) {
        recent.removeLast();
      }
      recent.addFirst(alert);
    }
    for (AlertConfig receiver : receivers.get()) {
      if (receiver.on().contains(alert.kind())) {
        webhooks.post(alert, receiver);
      }
    }
  }

  /** Returns the last ones of this process, newest first. */
  public List<Alert> recent() {
    synchronized (recent) {
      return List.copyOf(recent);
    }
  }

  /** Ends what waits to be posted again. */
  @Override
  public void close() {
    webhooks.close();
  }
}

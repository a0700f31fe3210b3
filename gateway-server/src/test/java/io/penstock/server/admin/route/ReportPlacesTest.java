package io.penstock.server.admin.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.budget.BudgetState;
import io.penstock.budget.CounterKey;
import io.penstock.ledger.LedgerException;
import io.penstock.ledger.LedgerQueries;
import io.penstock.server.admin.AdminRequest;
import io.penstock.server.config.BudgetConfig;
import io.penstock.server.config.value.Limit;
import io.penstock.server.config.value.Word;
import io.penstock.testkit.Await;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Whatever reads groups of the ledger waits for one of the places of reports. */
class ReportPlacesTest {
  private final Semaphore reports = new Semaphore(0);
  private final AtomicInteger reads = new AtomicInteger();

  private final LedgerQueries ledger =
      (LedgerQueries)
          Proxy.newProxyInstance(
              LedgerQueries.class.getClassLoader(),
              new Class<?>[] {LedgerQueries.class},
              (proxy, method, arguments) -> {
                reads.incrementAndGet();
                throw new LedgerException("the ledger is away");
              });

  private void waitsForAPlaceAndGivesItBack(Runnable report) {
    CompletableFuture<Void> running =
        CompletableFuture.runAsync(report, Thread::startVirtualThread);
    Await.until("it waits", reports::hasQueuedThreads);
    assertThat(reads).hasValue(0);
    reports.release();
    assertThatThrownBy(() -> running.get(30, TimeUnit.SECONDS))
        .hasCauseInstanceOf(LedgerException.class);
    assertThat(reads).hasPositiveValue();
    assertThat(reports.availablePermits()).isEqualTo(1);
  }

  @Test
  void series_waitsForItsPlace() {
    AdminRequest request = new AdminRequest("", Map.of(), "", new byte[0]);
    waitsForAPlaceAndGivesItBack(() -> new SpendSeries(ledger, reports).answer(request));
  }

  @Test
  void burnDown_waitsForItsPlace() {
    BudgetConfig budget =
        new BudgetConfig(
            "b",
            null,
            List.of(),
            Limit.parse("1 USD"),
            Word.Window.DAY,
            null,
            List.of(),
            List.of(),
            new BudgetConfig.OverConfig(Word.OverAction.DENY, null, null));
    CounterKey counter = CounterKey.of(new UUID(0, 1), "b", -1, "", 0, Long.MAX_VALUE);
    BudgetState state =
        new BudgetState(counter, io.penstock.budget.Limit.Unit.NANO_USD, 1_000_000_000, 0, 0);
    waitsForAPlaceAndGivesItBack(() -> new BudgetBurn(ledger, 1, reports).of(budget, state));
  }
}

package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Ending;
import io.penstock.core.price.Usage;
import io.penstock.ledger.CacheOutcome;
import io.penstock.ledger.Cause;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.UsageSource;
import io.penstock.ledger.Waste;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class NiceCompilersTest {
  private static final LedgerRow ROW = row(1);

  private static LedgerRow row(int attempt) {
    return new LedgerRow(
        new LedgerRow.Attempt(new UUID(0, 1), attempt, Cause.REQUEST),
        new LedgerRow.Times(1, 2, 1_000_000, 0, -1),
        new LedgerRow.Caller("t", "", "", "", "", "", Map.of()),
        new LedgerRow.Destination("chat", "m", "m", "", "fake", "m"),
        new LedgerRow.Outcome(200, Ending.COMPLETED, "", "", CacheOutcome.OFF, Waste.NONE),
        Usage.NONE,
        UsageSource.NONE,
        LedgerRow.Money.ZERO,
        List.of());
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void optimizing_isWhatTheSystemCallsThem() throws IOException {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
      for (Path thread : threads) {
        names.add(Files.readString(thread.resolve("comm")));
      }
    }
    assertThat(names).anyMatch(name -> name.startsWith(NiceCompilers.OPTIMIZING));
  }

  @Test
  void accept_refusals_raiseNothing() {
    AtomicInteger raised = new AtomicInteger();
    NiceCompilers compilers = new NiceCompilers(raised::incrementAndGet);
    LedgerRow refusal = row(0);
    for (int i = 0; i < 2 * NiceCompilers.WARM_AFTER; i++) {
      compilers.accept(refusal);
    }
    assertThat(raised).hasValue(0);
  }

  @Test
  void accept_onceWarm_raisesOnce() {
    AtomicInteger raised = new AtomicInteger();
    NiceCompilers compilers = new NiceCompilers(raised::incrementAndGet);

    for (int i = 1; i < NiceCompilers.WARM_AFTER; i++) {
      compilers.accept(ROW);
    }
    assertThat(raised).hasValue(0);
    for (int i = 0; i < NiceCompilers.WARM_AFTER; i++) {
      compilers.accept(ROW);
    }
    assertThat(raised).hasValue(1);
  }
}

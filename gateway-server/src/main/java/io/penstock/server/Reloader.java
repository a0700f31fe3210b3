package io.penstock.server;

import com.fasterxml.jackson.databind.JsonNode;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.penstock.core.price.PriceBook;
import io.penstock.core.price.PriceRefresh;
import io.penstock.ledger.Catalogue;
import io.penstock.ledger.Ledger;
import io.penstock.server.alerts.Alerts;
import io.penstock.server.call.Snapshot;
import io.penstock.server.call.serve.Shared;
import io.penstock.server.config.Config;
import io.penstock.server.config.load.Inputs;
import io.penstock.server.config.load.LoadResult;
import io.penstock.server.config.load.Problem;
import io.penstock.server.metrics.CallMetrics;
import io.penstock.server.snapshot.Prices;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies configurations: all or nothing; a bad one changes nothing and says why in the log, a
 * metric and {@code /admin/v1/config}. Applying is serialised; nothing here runs on an event loop.
 */
public final class Reloader implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Reloader.class);
  private static final long LOOK_MILLIS = 500;

  /** In so many looks what is refused is read again, though no file looks different: 2 s. */
  private static final int LOOKS = 4;

  /** The same where only an edit or a restart helps: a minute. */
  private static final int LOOKS_AT_READ = 120;

  /** After so many looks what changes all the time is taken as it is: 10 s. */
  private static final int LOOKS_TO_SETTLE = 20;

  /** Reads the configuration file. */
  @FunctionalInterface
  public interface Loads {
    /** Returns the configuration or its problems. */
    LoadResult load(Path file);
  }

  /**
   * What became of the last change.
   *
   * @param version of the configuration in use
   * @param problems of the last change, empty when it was applied
   */
  public record Status(long version, List<String> problems, List<String> warnings) {}

  private final Path file;
  private final Loads loads;
  private final Shared shared;
  private final Installer installer;
  private final Counter failures;
  private final PriceFetch fetch = new PriceFetch(this::takeCatalogue);
  private final JsonNode bundled = PriceBook.bundled();

  /** The fetched one; null while the bundled one is in force. */
  private @Nullable JsonNode catalogue;

  private @Nullable Ledger ledger;
  private volatile Status status = new Status(0, List.of(), List.of());
  private final ScheduledExecutorService watcher =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofVirtual().name("config-watcher").factory());
  private int looks;
  private int pause = LOOKS;
  private boolean again;
  private int unsettled;
  private @Nullable Inputs seen;
  private @Nullable LoadResult pending;
  private @Nullable Inputs inForce;

  Reloader(
      Path file,
      Loads loads,
      Shared shared,
      IntSupplier demoPort,
      CallMetrics metrics,
      MeterRegistry registry,
      Alerts alerts) {
    this.file = file;
    this.loads = loads;
    this.shared = shared;
    this.installer = new Installer(shared, demoPort, metrics, alerts);
    this.failures =
        Counter.builder("penstock.config.reload.failures")
            .description("Changed configurations and price catalogues that were refused")
            .register(registry);
    Gauge.builder("penstock.config.version", this, r -> r.status.version())
        .description("Configuration in force, counted from 1 at the start")
        .register(registry);
  }

  /**
   * Applies the first configuration and watches the file from then on.
   *
   * @param ledger which keeps the price catalogues that are fetched
   * @throws IOException when it cannot be applied
   */
  synchronized void start(Config config, Ledger ledger) throws IOException {
    this.ledger = ledger;
    FetchedPrices kept = new FetchedPrices(ledger.catalogues());
    apply(config, kept.last(config.prices()), new Status(1, List.of(), List.of()));
    watcher.scheduleWithFixedDelay(this::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** Returns the file that it reads. */
  Path file() {
    return file;
  }

  /** Returns what became of the last change. */
  public Status status() {
    return status;
  }

  private void apply(Config config, @Nullable JsonNode listed, Status after) throws IOException {
    Snapshot before = shared.snapshot().get();
    installer.install(config, listed == null ? bundled : listed, after.version());
    catalogue = listed;
    status = after;
    fetch.follow(config.prices().refresh());
    String prices = shared.snapshot().get().prices().version();
    boolean isNew = before == null || !before.prices().version().equals(prices);
    if (isNew && ledger != null && listed != null) {
      ledger.keep(new Catalogue(prices, listed.toString(), shared.ticker().epochMillis()));
    }
  }

  /** Puts a fetched catalogue in force, unless it is not valid or its prices jump. */
  synchronized void takeCatalogue(JsonNode candidate) {
    Snapshot now = shared.snapshot().get();
    try {
      PriceBook book = Prices.of(candidate, now.config().prices());
      if (book.version().equals(now.prices().version())) {
        return;
      }
      List<String> problems =
          PriceRefresh.problems(now.prices(), book, shared.ticker().epochMillis());
      if (!problems.isEmpty()) {
        rejectCatalogue(String.join(" | ", problems));
        return;
      }
      // What is wrong with the file on the disk is so still.
      Status last = status;
      apply(
          now.config(),
          candidate,
          new Status(last.version() + 1, last.problems(), last.warnings()));
      LOG.atInfo().addKeyValue("prices", book.version()).log("a newer price catalogue is in force");
    } catch (IOException | RuntimeException e) {
      // Whatever it is: the thread that fetches goes on, and so does the last good one.
      rejectCatalogue(String.valueOf(e.getMessage()));
    }
  }

  private void rejectCatalogue(String problems) {
    failures.increment();
    LOG.atError()
        .addKeyValue("problems", problems)
        .log("the fetched price catalogue is refused; the last good one stays");
  }

  /**
   * Reads the files and applies what they say, at once, whatever they look like: for somebody who
   * has written them and says so. Any thread; does not wait.
   */
  void readNow() {
    try {
      watcher.execute(() -> guarded(this::readAsAsked));
    } catch (RejectedExecutionException e) {
      LOG.debug("the gateway ends; the configuration is not read any more");
    }
  }

  private void readAsAsked() {
    pending = null;
    again = false;
    looks = 0;
    pause = LOOKS;
    LoadResult result = loads.load(file);
    seen = result.inputs();
    if (status.problems().isEmpty() && isApplied(result)) {
      LOG.atInfo().log("the configuration is as it was");
    } else {
      takeSettled(result);
    }
  }

  private void look() {
    guarded(this::lookAgain);
  }

  private void guarded(Runnable look) {
    try {
      look.run();
    } catch (RuntimeException e) {
      // Not out of here: nobody would look any more, and no later edit be seen.
      List<String> problems = List.of("it could not be applied: " + e.getMessage());
      again = true;
      if (!isTold(problems)) {
        LOG.atError().setCause(e).log("the configuration could not be looked at");
        reject(problems);
      }
    }
  }

  private void lookAgain() {
    Inputs before = seen;
    LoadResult read = pending;
    pending = null;
    again = before != null && !before.mayHaveChanged();
    if (again && read != null) {
      again = false;
      takeSettled(read);
      return;
    }
    if (again && !isDue()) {
      return;
    }
    looks = 0;
    pause = LOOKS;
    LoadResult result = loads.load(file);
    seen = result.inputs();
    if (again) {
      take(result);
    } else if (before != null || !isApplied(result)) {
      // The first look only learns which files there are: they were read a moment ago.
      await(result);
    }
  }

  /**
   * Takes it when the next look finds the files as they are now: half of a file that is just being
   * written may be sound, without the keys of the other half.
   */
  private void await(LoadResult result) {
    if (++unsettled < LOOKS_TO_SETTLE) {
      pending = result;
    } else {
      takeSettled(result);
    }
  }

  private void takeSettled(LoadResult result) {
    unsettled = 0;
    take(result);
  }

  /** What kept it from being read or applied may be gone without a trace in the files. */
  private boolean isDue() {
    return !status.problems().isEmpty() && ++looks >= pause;
  }

  /** Returns whether that is in force already, and takes note of what it warns of. */
  private synchronized boolean isApplied(LoadResult result) {
    if (result instanceof LoadResult.Loaded loaded
        && loaded.config().equals(shared.snapshot().get().config())) {
      inForce = loaded.inputs();
      status = new Status(status.version(), status.problems(), texts(loaded.warnings()));
      return true;
    }
    return false;
  }

  /** Applies what was loaded, or keeps what there is and says why. */
  synchronized void take(LoadResult result) {
    switch (result) {
      case LoadResult.Loaded loaded -> {
        Config before = shared.snapshot().get().config();
        List<String> fixed = FixedSections.changed(before, loaded.config());
        if (!fixed.isEmpty()) {
          pause = LOOKS_AT_READ;
          reject(List.of("changes to " + String.join(", ", fixed) + " need a restart"));
          return;
        }
        List<String> emptied = emptied(loaded.inputs());
        if (!emptied.isEmpty()) {
          pause = LOOKS_AT_READ;
          reject(emptied);
          return;
        }
        List<String> told = status.warnings();
        List<String> warnings = new ArrayList<>(texts(loaded.warnings()));
        warnings.addAll(MovedOverrides.warnings(before, loaded.config()));
        try {
          apply(
              loaded.config(),
              catalogue,
              new Status(status.version() + 1, List.of(), List.copyOf(warnings)));
          inForce = loaded.inputs();
          NewWarnings.among(warnings, told).forEach(LOG::warn);
          LOG.atInfo()
              .addKeyValue("version", status.version())
              .addKeyValue("warnings", warnings.size())
              .log("configuration applied");
        } catch (IOException | IllegalArgumentException | PriceBook.CatalogueException e) {
          reject(List.of(String.valueOf(e.getMessage())));
        }
      }
      case LoadResult.Rejected rejected -> reject(texts(rejected.problems()));
    }
  }

  /** A file that is written in place is empty for a moment: its keys are not to be gone then. */
  private List<String> emptied(Inputs now) {
    Inputs before = inForce;
    return before == null
        ? List.of()
        : now.emptiedSince(before).stream()
            .map(included ->
                included
                    + ": empty, and was not before (expected: content"
                    + (included.equals(file)
                        ? ")"
                        : "; to take out all of it, remove the file or its `include`)"))
            .toList();
  }

  private static List<String> texts(List<Problem> problems) {
    return problems.stream().map(Problem::toString).toList();
  }

  /** Returns whether the same files were refused for the same before. */
  private boolean isTold(List<String> problems) {
    return again && problems.equals(status.problems());
  }

  private void reject(List<String> problems) {
    if (isTold(problems)) {
      return;
    }
    failures.increment();
    status = new Status(status.version(), problems, status.warnings());
    LOG.atError()
        .addKeyValue("problems", String.join(" | ", problems))
        .log("the changed configuration is refused; the last good one stays");
  }

  @Override
  public void close() {
    watcher.shutdownNow();
    fetch.close();
    installer.close();
  }
}

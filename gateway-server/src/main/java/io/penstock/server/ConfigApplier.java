package io.penstock.server;

import com.fasterxml.jackson.databind.JsonNode;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.penstock.core.price.PriceBook;
import io.penstock.core.price.PriceRefresh;
import io.penstock.ledger.Catalogue;
import io.penstock.ledger.Ledger;
import io.penstock.server.admin.route.ConfigState.Status;
import io.penstock.server.alerts.Alerts;
import io.penstock.server.call.Snapshot;
import io.penstock.server.call.serve.Shared;
import io.penstock.server.config.Config;
import io.penstock.server.config.load.Inputs;
import io.penstock.server.config.load.LoadResult;
import io.penstock.server.config.load.Problem;
import io.penstock.server.metrics.CallMetrics;
import io.penstock.server.snapshot.FetchedPrices;
import io.penstock.server.snapshot.Prices;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies configurations and fetched price catalogues: all or nothing; a bad one changes nothing
 * and says why in the log, a metric and {@code /admin/v1/config}. Applying is serialised, by any
 * thread but an event loop; {@link #status} does not wait for it.
 */
final class ConfigApplier implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ConfigApplier.class);

  private final Path file;
  private final Shared shared;
  private final Installer installer;
  private final Counter failures;
  private final PriceFetch fetch = new PriceFetch(this::takeCatalogue);
  private final JsonNode bundled = PriceBook.bundled();

  /** The fetched one; null while the bundled one is in force. */
  private @Nullable JsonNode catalogue;

  private @Nullable Ledger ledger;
  private @Nullable Inputs inForce;
  private volatile Status status = new Status(0, List.of(), List.of());

  /**
   * Creates it; nothing is applied before {@link #start}.
   *
   * @param file the main one, for messages
   */
  ConfigApplier(
      Path file,
      Shared shared,
      IntSupplier demoPort,
      CallMetrics metrics,
      MeterRegistry registry,
      Alerts alerts) {
    this.file = file;
    this.shared = shared;
    this.installer = new Installer(shared, demoPort, metrics, alerts);
    this.failures =
        Counter.builder("penstock.config.reload.failures")
            .description("Changed configurations and price catalogues that were refused")
            .register(registry);
    Gauge.builder("penstock.config.version", this, a -> a.status.version())
        .description("Configuration in force, counted from 1 at the start")
        .register(registry);
  }

  /**
   * Applies the first configuration.
   *
   * @param ledger which keeps the price catalogues that are fetched
   * @throws IOException when it cannot be applied
   */
  synchronized void start(Config config, Ledger ledger) throws IOException {
    this.ledger = ledger;
    FetchedPrices kept = new FetchedPrices(ledger.catalogues());
    apply(config, kept.last(config.prices()), new Status(1, List.of(), List.of()));
  }

  /** Returns what became of the last change. Any thread. */
  Status status() {
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

  /** Returns whether that is in force already, and takes note of what it warns of. */
  synchronized boolean isApplied(LoadResult result) {
    if (result instanceof LoadResult.Loaded loaded
        && loaded.config().equals(shared.snapshot().get().config())) {
      inForce = loaded.inputs();
      status = new Status(status.version(), status.problems(), texts(loaded.warnings()));
      return true;
    }
    return false;
  }

  /**
   * Applies what was loaded, or keeps what there is and says why.
   *
   * @param again whether the same files were refused before: for the same, nothing is said again
   * @return whether loading them once more may help; else only an edit or a restart does
   */
  synchronized boolean take(LoadResult result, boolean again) {
    return switch (result) {
      case LoadResult.Loaded loaded -> takeLoaded(loaded, again);
      case LoadResult.Rejected rejected -> {
        reject(texts(rejected.problems()), again);
        yield true;
      }
    };
  }

  private boolean takeLoaded(LoadResult.Loaded loaded, boolean again) {
    Config before = shared.snapshot().get().config();
    List<String> fixed = FixedSections.changed(before, loaded.config());
    if (!fixed.isEmpty()) {
      reject(List.of("changes to " + String.join(", ", fixed) + " need a restart"), again);
      return false;
    }
    List<String> emptied = emptied(loaded.inputs());
    if (!emptied.isEmpty()) {
      reject(emptied, again);
      return false;
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
      reject(List.of(String.valueOf(e.getMessage())), again);
    }
    return true;
  }

  /** Says once why a change could not even be looked at, or was not applied in full. */
  synchronized void failed(RuntimeException e) {
    List<String> problems = List.of("it could not be applied: " + e.getMessage());
    if (!isTold(problems, true)) {
      LOG.atError().setCause(e).log("the configuration could not be looked at");
      reject(problems, true);
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

  private boolean isTold(List<String> problems, boolean again) {
    return again && problems.equals(status.problems());
  }

  private void reject(List<String> problems, boolean again) {
    if (isTold(problems, again)) {
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
    fetch.close();
    installer.close();
  }
}

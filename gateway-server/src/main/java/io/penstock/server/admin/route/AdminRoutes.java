package io.penstock.server.admin.route;

import static io.netty.handler.codec.http.HttpMethod.DELETE;
import static io.netty.handler.codec.http.HttpMethod.GET;
import static io.netty.handler.codec.http.HttpMethod.POST;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.penstock.ledger.Content;
import io.penstock.ledger.Ledger;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.LedgerStats;
import io.penstock.ledger.SpendQuery;
import io.penstock.ledger.report.Report;
import io.penstock.ledger.report.ReportFormat;
import io.penstock.server.admin.AdminAccess;
import io.penstock.server.admin.AdminReply;
import io.penstock.server.admin.AdminRequest;
import io.penstock.server.admin.AdminSink;
import io.penstock.server.admin.RowJson;
import io.penstock.server.alerts.Alert;
import io.penstock.server.alerts.Alerts;
import io.penstock.server.call.Load;
import io.penstock.server.call.Snapshot;
import io.penstock.server.call.accounting.Charges;
import io.penstock.server.call.admission.Readiness;
import io.penstock.server.call.serve.Shared;
import io.penstock.server.config.AdminConfig;
import io.penstock.server.config.EffectiveConfig;
import io.penstock.server.config.value.Word;
import io.penstock.server.metrics.ProcessMetrics;
import io.penstock.server.report.CacheForecast;
import io.penstock.server.report.CacheForecastFormat;
import io.penstock.server.report.Periods;
import io.penstock.server.ui.UiFiles;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** What the admin port serves. Handlers block on the ledger; they run on virtual threads. */
public final class AdminRoutes {
  private static final int MAX_ROWS = 1000;
  private static final String[] SPEND = {
    "by", "from", "to", "where...", "find", "limit", "movers", "format"
  };

  private static final String[] REQUESTS = {"limit", "before", "where...", "from", "to"};

  private final Ledger ledger;
  private final Shared shared;
  private final Load load;
  private final Readiness readiness;
  private final PrometheusMeterRegistry registry;
  private final ConfigState files;
  private final BudgetGauges gauges;
  private final ProcessMetrics process;

  /** A report holds what it read until it is written. */
  private final Semaphore reports = new Semaphore(Ledger.REPORTS);

  public AdminRoutes(
      Ledger ledger,
      Shared shared,
      Load load,
      Readiness readiness,
      PrometheusMeterRegistry registry,
      ConfigState files) {
    this.ledger = ledger;
    this.shared = shared;
    this.load = load;
    this.readiness = readiness;
    this.registry = registry;
    this.files = files;
    this.gauges = new BudgetGauges(shared.budgets(), shared.snapshot(), registry);
    this.process = new ProcessMetrics(registry);
  }

  /** Returns all that the port serves. */
  public AdminSink sink(
      BudgetAdmin budgets, Alerts alerts, CacheAdmin cache, ExplainRoute explain) {
    UiFiles ui = new UiFiles();
    return new AdminSink(this::access, heldBytes())
        .route(GET, "/healthz", request -> AdminReply.text(200, "text/plain", "ok\n"))
        .route(GET, "/readyz", request -> ready())
        .route(GET, "/metrics", request -> metrics())
        .route(GET, "/admin/v1/spend", this::spend, SPEND)
        .route(GET, "/admin/v1/spend/series", this::series, SpendSeries.TAKES)
        .route(GET, "/admin/v1/requests", this::requests, REQUESTS)
        .route(GET, "/admin/v1/requests/{id}", this::request)
        .route(GET, "/admin/v1/models", new ModelsRoute(shared))
        .route(GET, "/admin/v1/budgets", budgets::list, "limit", "cursor")
        .route(
            GET,
            "/admin/v1/budgets/{name}/burn-down",
            request -> budgets.burnDown(request, reports),
            "subject",
            "override")
        .route(POST, "/admin/v1/budgets/{name}/top-up", budgets::topUp)
        .route(POST, "/admin/v1/budgets/{name}/reset", budgets::reset)
        .route(GET, "/admin/v1/alerts", request -> alerts(alerts))
        .route(GET, "/admin/v1/config", request -> config())
        .route(GET, "/admin/v1/keys", new KeysRoute(shared.snapshot(), shared.ticker()), "team")
        .route(GET, "/admin/v1/prices", this::prices, "provider")
        .route(GET, "/admin/v1/status", request -> status())
        .route(GET, "/admin/v1/cache", request -> cache.state())
        .route(DELETE, "/admin/v1/cache", cache::drop, CacheAdmin.FILTERS)
        .route(DELETE, "/admin/v1/cache/{id}", cache::drop, CacheAdmin.FILTERS)
        .route(POST, "/admin/v1/cache/{id}/wrong", cache::wrong, "id", "dry_run")
        .route(GET, "/admin/v1/cache/forecast", this::cacheForecast, "by")
        .route(GET, "/admin/v1/shadows", new ShadowRoute(shared.routing().shadows()))
        .route(POST, "/admin/v1/explain", explain)
        .route(GET, "/ui", ui)
        .route(GET, "/ui/{file}", ui);
  }

  private AdminAccess access() {
    AdminConfig admin = shared.snapshot().get().config().admin();
    return new AdminAccess(
        admin.token() == null ? "" : admin.token().reveal(),
        admin.metrics() == Word.MetricsAccess.OPEN,
        admin.tls() != null);
  }

  /** Bodies count with those of the traffic port, against the same limit. */
  private AdminSink.HeldBytes heldBytes() {
    return new AdminSink.HeldBytes() {
      @Override
      public boolean hold(int bytes) {
        return load.hold(bytes, shared.snapshot().get().limits().inflightBytes());
      }

      @Override
      public void release(long bytes) {
        load.release(bytes);
      }
    };
  }

  private AdminReply ready() {
    return AdminReply.text(readiness.isReady() ? 200 : 503, "text/plain", readiness.text());
  }

  /** What this process is doing now, in one small answer that may be asked for often. */
  private AdminReply status() {
    LedgerStats stats = ledger.stats();
    ConfigState.Status config = files.status();
    long commit = stats.lastCommitMillis();
    Map<String, @Nullable Object> store = new LinkedHashMap<>();
    store.put("queue", stats.queue());
    store.put("open", stats.open());
    store.put("lost", stats.lost());
    store.put("refused", stats.refused());
    store.put("unrecorded", stats.unrecorded());
    store.put("full", stats.full());
    store.put("last_commit", commit == 0 ? null : Instant.ofEpochMilli(commit).toString());
    store.put("database_error", stats.databaseError());
    return AdminReply.json(
        Map.of(
            "ready", readiness.isReady(),
            "draining", load.isDraining(),
            "budgets_ready", shared.budgets().isReady(),
            "inflight", load.inflight(),
            "inflight_bytes", load.bytes(),
            "ledger", store,
            "config",
                Map.of(
                    "file", files.file().toAbsolutePath().normalize().toString(),
                    "version", config.version(),
                    "problems", config.problems().size(),
                    "warnings", config.warnings().size())));
  }

  private AdminReply metrics() {
    process.bind();
    gauges.refresh();
    return AdminReply.text(200, "text/plain; version=0.0.4; charset=utf-8", registry.scrape());
  }

  private AdminReply spend(AdminRequest request) {
    ledger.flush(2_000);
    reports.acquireUninterruptibly();
    try {
      return report(request);
    } finally {
      reports.release();
    }
  }

  private AdminReply report(AdminRequest request) {
    String format = request.parameter("format", "json");
    Report report =
        Report.of(
                ledger.queries(),
                Periods.query(request, request.parameter("by", "")),
                Instant.ofEpochMilli(shared.ticker().epochMillis()),
                movers(request.parameter("movers", "on")))
            .matching(request.parameter("find", ""))
            .dearest(whole("limit", request.parameter("limit", "1000000")));
    String type =
        switch (format) {
          case "json" -> "application/json";
          case "csv" -> "text/csv; charset=utf-8";
          default -> "text/plain; charset=utf-8";
        };
    return AdminReply.text(200, type, ReportFormat.named(format).format(report));
  }

  private static boolean movers(String word) {
    return switch (word) {
      case "on" -> true;
      case "off" -> false;
      default -> throw new IllegalArgumentException("movers: " + word + " (expected: on, off)");
    };
  }

  private AdminReply series(AdminRequest request) {
    ledger.flush(2_000);
    return new SpendSeries(ledger.queries(), reports).answer(request);
  }

  private AdminReply request(AdminRequest request) {
    UUID id = Ledger.parseId(request.rest());
    ledger.flush(2_000);
    List<LedgerRow> rows = id == null ? List.of() : ledger.queries().request(id);
    return id == null || rows.isEmpty()
        ? AdminReply.error(404, "unknown_request", "No request has the id " + request.rest() + ".")
        : AdminReply.json(life(request.rest(), id, rows));
  }

  private AdminReply requests(AdminRequest request) {
    int limit = Math.min(MAX_ROWS, whole("limit", request.parameter("limit", "100")));
    String before = request.parameter("before");
    UUID from = before == null ? null : Ledger.parseId(before);
    if (before != null && from == null) {
      throw new IllegalArgumentException("before: " + before + " (expected: the id of a request)");
    }
    SpendQuery search = Periods.search(request);
    ledger.flush(2_000);
    List<LedgerRow> rows =
        search == null ? ledger.queries().recent(from, limit) : found(from, limit, search);
    return AdminReply.json(
        Map.of(
            "requests",
            rows.stream().map(this::json).toList(),
            "next",
            rows.size() < limit ? "" : rows.getLast().id().toString()));
  }

  /** A search may read as much as a report does. */
  private List<LedgerRow> found(@Nullable UUID before, int limit, SpendQuery search) {
    reports.acquireUninterruptibly();
    try {
      return ledger.queries().recent(before, limit, search);
    } finally {
      reports.release();
    }
  }

  private Map<String, Object> life(String name, UUID id, List<LedgerRow> rows) {
    Map<String, Object> life = new LinkedHashMap<>();
    life.put("id", name);
    life.put("attempts", rows.stream().map(this::json).toList());
    Content content = ledger.queries().content(id);
    if (content != null) {
      life.put("content", RowJson.of(content));
    }
    return life;
  }

  private Map<String, @Nullable Object> json(LedgerRow row) {
    return RowJson.of(row, Charges.units(shared.budgets()));
  }

  static int whole(String name, String text) {
    try {
      int value = Integer.parseInt(text);
      if (value > 0) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Reported below, with the value.
    }
    throw new IllegalArgumentException(name + ": " + text + " (expected: a whole number > 0)");
  }

  private AdminReply cacheForecast(AdminRequest request) {
    ledger.flush(2_000);
    List<String> by = List.of(request.parameter("by", "route,team").split(","));
    return AdminReply.json(
        CacheForecastFormat.map(
            CacheForecast.recent(
                ledger.queries(),
                shared.snapshot().get().config(),
                by,
                shared.ticker().epochMillis())));
  }

  private static AdminReply alerts(Alerts alerts) {
    return AdminReply.json(
        Map.of(
            "alerts", alerts.recent().stream().map(Alert::json).toList(),
            "receivers", alerts.deliveries()));
  }

  private AdminReply config() {
    ConfigState.Status status = files.status();
    Snapshot now = shared.snapshot().get();
    return AdminReply.json(
        Map.of(
            "version", status.version(),
            "problems", status.problems(),
            "warnings", status.warnings(),
            "effective", EffectiveConfig.render(now.config())));
  }

  private AdminReply prices(AdminRequest request) {
    Snapshot now = shared.snapshot().get();
    String provider = request.parameter("provider");
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("version", now.prices().version());
    json.put("providers", now.prices().providers());
    if (provider != null) {
      json.put("models", now.prices().models(provider));
    }
    return AdminReply.json(json);
  }
}

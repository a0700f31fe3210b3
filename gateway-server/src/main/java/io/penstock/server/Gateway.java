package io.penstock.server;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.resolver.AddressResolverGroup;
import io.netty.resolver.dns.DnsAddressResolverGroup;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.penstock.budget.Budgets;
import io.penstock.cache.ExactCache;
import io.penstock.core.Ticker;
import io.penstock.ledger.Ledger;
import io.penstock.ledger.LedgerException;
import io.penstock.ledger.LedgerOptions;
import io.penstock.ledger.RequestIds;
import io.penstock.ledger.Spend;
import io.penstock.ledger.SpendQuery;
import io.penstock.ledger.SqlLedger;
import io.penstock.server.admin.AdminSink;
import io.penstock.server.alerts.Alerts;
import io.penstock.server.call.Dispatcher;
import io.penstock.server.call.Engine;
import io.penstock.server.call.Explainer;
import io.penstock.server.call.Load;
import io.penstock.server.call.LoopContext;
import io.penstock.server.call.Routing;
import io.penstock.server.call.Snapshot;
import io.penstock.server.client.ClientLimits;
import io.penstock.server.client.ClientServer;
import io.penstock.server.config.AlertConfig;
import io.penstock.server.config.Config;
import io.penstock.server.config.HostPort;
import io.penstock.server.config.LimitsConfig;
import io.penstock.server.config.StateConfig;
import io.penstock.server.demo.DemoProvider;
import io.penstock.server.metrics.CallMetrics;
import io.penstock.server.tokens.TokenCounter;
import io.penstock.server.upstream.Transport;
import io.penstock.server.upstream.UpstreamPool;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running gateway: everything is put together here, on one page, and taken apart in the reverse
 * order. Started and stopped by one thread.
 */
public final class Gateway implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);
  private static final int LOOPS = Runtime.getRuntime().availableProcessors();

  private final Ticker ticker = Ticker.system();
  private final Load load = new Load();
  private final AtomicReference<Snapshot> snapshot = new AtomicReference<>();
  private final CopyOnWriteArrayList<LoopContext> contexts = new CopyOnWriteArrayList<>();
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final TokenCounter counter = new TokenCounter();
  private final Config config;
  private final Transport transport;
  private final EventLoopGroup loops;
  private final Ledger ledger;
  private final Alerts alerts;
  private final Budgets budgets;
  private final Routing routing;
  private final ExactCache cache;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofVirtual().name("budgets-timer").factory());

  /** Two, so that clients who ask for their usage cannot keep the ledger from its work. */
  private final ExecutorService queries =
      Executors.newFixedThreadPool(2, Thread.ofVirtual().name("usage").factory());

  private final ClientServer demo;
  private final Reloader reloader;
  private final AdminSink adminSink;
  private final ClientServer traffic;
  private final ClientServer admin;

  private Gateway(Config config, Path file, Reloader.Loads loads) throws IOException {
    this.config = config;
    this.transport = transport(config);
    this.loops = transport.newGroup(LOOPS, "loop");
    this.ledger = openLedger(config);
    this.alerts = new Alerts(this::receivers, ticker);
    this.budgets = openBudgets(config.state());
    this.timer.scheduleWithFixedDelay(budgets::tick, 100, 100, TimeUnit.MILLISECONDS);
    this.demo = DemoProvider.start(loops, transport);
    this.routing =
        new Routing(ticker, name -> ProviderFactory.breaker(snapshot.get().config(), name));
    this.cache = ExactCache.embedded(CacheMapping.maxBytes(config), ticker);
    this.reloader =
        new Reloader(
            file, loads, snapshot, ticker, demo.port(), registry, budgets, routing, cache, alerts);
    reloader.start(config);
    TlsFiles tls = config.tls() == null ? null : TlsFiles.of(config.tls());
    AddressResolverGroup<InetSocketAddress> resolver =
        new DnsAddressResolverGroup(
            new DnsNameResolverBuilder().datagramChannelType(transport.datagramChannel()));
    CallMetrics metrics = new CallMetrics(registry);
    gauges();
    Engine engine =
        new Engine(
            snapshot,
            load,
            ticker,
            counter,
            metrics,
            budgets,
            routing,
            cache,
            loop -> context(loop, resolver));
    this.traffic =
        ClientServer.bind(
            new ClientServer.Options(
                address(config.listen()),
                limits(config.limits()),
                tls == null ? null : tls::context,
                config.proxyProtocol().isOn()),
            loops,
            transport,
            new Dispatcher(engine));
    this.adminSink =
        new AdminRoutes(ledger, snapshot, load, registry, reloader, budgets, routing)
            .sink(new BudgetAdmin(budgets, ledger, ticker), alerts)
            .route("/admin/v1/cache", new CacheAdmin(cache, metrics, snapshot)::handle)
            .route("/admin/v1/explain", new ExplainRoute(new Explainer(engine, loops), snapshot));
    this.admin =
        ClientServer.bind(
            new ClientServer.Options(
                address(config.admin().listen()), limits(config.limits()), null, false),
            loops,
            transport,
            adminSink);
  }

  /**
   * Starts a gateway.
   *
   * @param config a configuration that was checked
   * @param file where it came from; watched for changes
   * @throws IOException when a port, a file or the ledger can't be opened, with the reason
   */
  public static Gateway start(Config config, Path file, Reloader.Loads loads) throws IOException {
    Gateway gateway = new Gateway(config, file, loads);
    LOG.atInfo()
        .addKeyValue("listen", config.listen() + " -> " + gateway.port())
        .addKeyValue("admin", "127.0.0.1:" + gateway.adminPort())
        .addKeyValue("transport", gateway.transport)
        .log("serving");
    return gateway;
  }

  private static Transport transport(Config config) {
    Transport wanted = Transport.valueOf(config.transport().name());
    if (wanted.isAvailable()) {
      return wanted;
    }
    LOG.atWarn().addKeyValue("transport", wanted).log("not available here; using NIO");
    return Transport.NIO;
  }

  private Ledger openLedger(Config of) throws IOException {
    String url = of.ledger().url().reveal();
    Path journal = journalDirectory(url);
    try {
      return SqlLedger.open(
          new LedgerOptions(
              url,
              journal,
              of.ledger().retain(),
              of.ledger().rollup(),
              LedgerOptions.JournalSizes.DEFAULT),
          ticker);
    } catch (LedgerException e) {
      throw new IOException("ledger.url: " + e.getMessage(), e);
    }
  }

  /** Budgets may raise an alert before the first snapshot is there. */
  private List<AlertConfig> receivers() {
    Snapshot now = snapshot.get();
    return (now == null ? config : now.config()).alerts();
  }

  private Budgets openBudgets(@Nullable StateConfig state) {
    return state == null
        ? Budgets.embedded(ticker, alerts, LedgerSums.all(ledger, ticker.epochMillis()))
        : SharedBudgets.open(config, state, ticker, ledger, alerts);
  }

  /** The journal lies beside an SQLite file; with PostgreSQL in data/journal. */
  static Path journalDirectory(String url) {
    if (!url.startsWith("sqlite:")) {
      return Path.of("data", "journal");
    }
    String file = url.substring("sqlite:".length());
    int query = file.indexOf('?');
    return Path.of((query < 0 ? file : file.substring(0, query)) + ".journal");
  }

  private LoopContext context(EventLoop loop, AddressResolverGroup<InetSocketAddress> resolver) {
    LoopContext context =
        new LoopContext(
            loop,
            new UpstreamPool(loop, transport, resolver),
            ledger.writer(),
            new RequestIds(ticker, new SplittableRandom(new SecureRandom().nextLong())),
            this::spend);
    contexts.add(context);
    return context;
  }

  private CompletionStage<Spend> spend(SpendQuery query) {
    return CompletableFuture.supplyAsync(
        () -> {
          ledger.flush(2_000);
          return ledger.queries().spend(query);
        },
        queries);
  }

  private void gauges() {
    Gauge.builder("penstock.inflight", load, Load::inflight).register(registry);
    Gauge.builder("penstock.ledger.queue", ledger, l -> l.stats().queue()).register(registry);
    io.micrometer.core.instrument.FunctionCounter.builder(
            "penstock.ledger.lost", ledger, l -> l.stats().lost())
        .register(registry);
  }

  private static InetSocketAddress address(HostPort at) {
    return new InetSocketAddress(at.host(), at.port());
  }

  private static ClientLimits limits(LimitsConfig limits) {
    return new ClientLimits(
        (int) limits.headers().bytes(),
        limits.headerTimeout().toMillis(),
        limits.bodyTimeout().toMillis(),
        limits.idleTimeout().toMillis());
  }

  /** Returns the traffic port that was bound. */
  public int port() {
    return traffic.port();
  }

  /** Returns the admin port that was bound. */
  public int adminPort() {
    return admin.port();
  }

  /** Returns what applies changed configurations. */
  public Reloader reloader() {
    return reloader;
  }

  /** Waits until everything written so far is in the ledger's database. */
  public void flushLedger() {
    ledger.flush(10_000);
  }

  /** Every call is settled: what other replicas may spend instead is theirs at once. */
  private void leaveBudgets() {
    if (config.state() == null) {
      return;
    }
    try {
      budgets.leave().toCompletableFuture().get(1, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.atWarn().log("budgets could not leave Redis; their lease ends by itself");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Refuses new requests, waits for those under way as long as {@code limits.drain} says, then
   * stops everything. What is recorded is in the database when this returns.
   */
  @Override
  public void close() {
    load.drain();
    traffic.drain();
    long deadline = System.nanoTime() + config.limits().drain().toNanos();
    while (load.inflight() > 0 && System.nanoTime() < deadline) {
      java.util.concurrent.locks.LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
    traffic.close();
    reloader.close();
    admin.close();
    adminSink.close();
    demo.close();
    contexts.forEach(context -> context.loop().execute(context.pool()::close));
    loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly();
    counter.close();
    leaveBudgets();
    queries.shutdownNow();
    timer.shutdownNow();
    budgets.close();
    cache.close();
    alerts.close();
    ledger.close();
    registry.close();
  }
}

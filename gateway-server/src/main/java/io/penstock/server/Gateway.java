package io.penstock.server;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SingleThreadEventLoop;
import io.netty.resolver.AddressResolverGroup;
import io.netty.resolver.dns.DnsAddressResolverGroup;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.penstock.core.Ticker;
import io.penstock.ledger.RequestIds;
import io.penstock.server.admin.AdminSink;
import io.penstock.server.admin.route.AdminRoutes;
import io.penstock.server.admin.route.BudgetAdmin;
import io.penstock.server.admin.route.CacheAdmin;
import io.penstock.server.admin.route.ExplainRoute;
import io.penstock.server.alerts.Alerts;
import io.penstock.server.call.HitMemory;
import io.penstock.server.call.Load;
import io.penstock.server.call.LoopContext;
import io.penstock.server.call.LoopPressure;
import io.penstock.server.call.Snapshot;
import io.penstock.server.call.accounting.Charges;
import io.penstock.server.call.admission.Dispatcher;
import io.penstock.server.call.admission.Readiness;
import io.penstock.server.call.explain.Explainer;
import io.penstock.server.call.filter.FilterChain;
import io.penstock.server.call.serve.Engine;
import io.penstock.server.call.serve.Probes;
import io.penstock.server.call.serve.Shared;
import io.penstock.server.client.ClientServer;
import io.penstock.server.config.Config;
import io.penstock.server.config.ContentConfig;
import io.penstock.server.config.KnownSecrets;
import io.penstock.server.config.value.Word;
import io.penstock.server.content.ContentKeeper;
import io.penstock.server.content.Redaction;
import io.penstock.server.demo.DemoServer;
import io.penstock.server.metrics.CallMetrics;
import io.penstock.server.metrics.MeterClock;
import io.penstock.server.snapshot.ProviderFactory;
import io.penstock.server.store.Ledgers;
import io.penstock.server.store.Stores;
import io.penstock.server.targets.Routing;
import io.penstock.server.telemetry.Telemetry;
import io.penstock.server.tokens.TokenCounter;
import io.penstock.server.upstream.Descriptors;
import io.penstock.server.upstream.Transport;
import io.penstock.server.upstream.UpstreamPool;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
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

  private final Ticker ticker;
  private final Load load = new Load();
  private final AtomicReference<Snapshot> snapshot = new AtomicReference<>();
  private final CopyOnWriteArrayList<LoopContext> contexts = new CopyOnWriteArrayList<>();
  private final MeterClock meterClock = new MeterClock();
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT, new PrometheusRegistry(), meterClock);
  private final TokenCounter counter = new TokenCounter();
  private final Config config;
  private final InForce inForce;
  private final Transport transport;
  private final EventLoopGroup loops;
  private final Alerts alerts;
  private final Stores stores;
  private final CacheStore cache;
  private final Telemetry telemetry;
  private final @Nullable ContentKeeper content;
  private final Shared shared;
  private final DemoServer demo;
  private final CallMetrics metrics;
  private final Reloader reloader;
  private final AdminSink adminSink;
  private final ClientServer traffic;
  private final ClientServer admin;

  private Gateway(Config config, Path file, Reloader.Loads loads, Ticker ticker)
      throws IOException {
    this.config = config;
    this.inForce = new InForce(config, snapshot);
    this.ticker = ticker;
    this.transport = Sockets.transport(config);
    this.loops = transport.newGroup(Sockets.loops(config), "loop");
    this.alerts = new Alerts(inForce::receivers, ticker);
    this.stores = Stores.open(config, ticker, alerts);
    this.cache = CacheStore.open(config, loops, transport, ticker);
    this.demo = new DemoServer(loops, transport);
    this.telemetry =
        Telemetry.start(
            config.telemetry(),
            inForce::shownModel,
            Charges.units(stores.budgets()),
            ticker,
            stores.ledger(),
            registry);
    this.content = contentKeeper();
    this.shared =
        new Shared(
            snapshot,
            ticker,
            stores.budgets(),
            new Routing(
                ticker,
                name -> ProviderFactory.breaker(snapshot.get().config(), name),
                this::breakerOpened),
            cache.responses(),
            cache.answers(),
            cache.exact(),
            cache.semantic(),
            new HitMemory(Ledgers.beside(config.ledger().url().reveal()), inForce::semanticRules),
            content);
    this.metrics = new CallMetrics(registry);
    metrics.crashed(stores.ledger().recovery().crashCost());
    ConfigApplier applier = new ConfigApplier(file, shared, demo, metrics, registry, alerts);
    this.reloader = new Reloader(file, loads, applier);
    applier.start(config, stores.ledger());
    reloader.start();
    AddressResolverGroup<InetSocketAddress> resolver =
        new DnsAddressResolverGroup(
            new DnsNameResolverBuilder().datagramChannelType(transport.datagramChannel()));
    GatewayMeters.register(registry, load, stores.ledger(), alerts, cache.answers());
    stores.ledger().onCommit(alerts::committed);
    stores.ledger().onCommit(new NiceCompilers());
    Engine engine =
        new Engine(shared, load, counter, metrics, telemetry, loop -> context(loop, resolver));
    FilterChain filters = new FilterChain(engine, counter, metrics);
    Probes.start(engine, loops.next());
    loops.next().scheduleWithFixedDelay(meterClock::tick, 1, 1, TimeUnit.SECONDS);
    cache.breakers().follow(loops.next(), shared.routing().health()::onRemoteOpen);
    Readiness readiness = new Readiness(load, stores.budgets(), stores.ledger().stats());
    this.traffic =
        ClientServer.bind(
            Sockets.traffic(config, inForce::limits),
            loops,
            transport,
            new Dispatcher(engine, filters, readiness));
    this.adminSink =
        new AdminRoutes(stores.ledger(), shared, load, readiness, registry, reloader)
            .sink(
                new BudgetAdmin(stores.budgets(), stores.ledger(), ticker, snapshot),
                alerts,
                new CacheAdmin(shared, metrics),
                new ExplainRoute(
                    new Explainer(engine, filters, loops, shared.semantic()::embed),
                    snapshot,
                    ticker));
    this.admin =
        ClientServer.bind(Sockets.admin(config, inForce::limits), loops, transport, adminSink);
  }

  /**
   * Starts a gateway.
   *
   * @param config a configuration that was checked
   * @param file where it came from; watched for changes
   * @throws IOException when a port, a file or the ledger can't be opened, with the reason
   */
  public static Gateway start(Config config, Path file, Reloader.Loads loads) throws IOException {
    return start(config, file, loads, Ticker.system());
  }

  /** Starts a gateway with a clock of the caller's, for tests. */
  static Gateway start(Config config, Path file, Reloader.Loads loads, Ticker ticker)
      throws IOException {
    Gateway gateway = new Gateway(config, file, loads, ticker);
    LOG.atInfo()
        .addKeyValue("listen", config.listen() + " -> " + gateway.port())
        .addKeyValue("admin", config.admin().listen() + " -> " + gateway.adminPort())
        .addKeyValue("transport", gateway.transport)
        .log("serving");
    String shortage = Descriptors.shortage(Descriptors.LIMITS, config.limits().connections());
    if (!shortage.isEmpty()) {
      LOG.warn(shortage);
    }
    Snapshot.Limits limits = gateway.snapshot.get().limits();
    if (limits.body() > limits.inflightBytes()) {
      LOG.atWarn()
          .addKeyValue("limits.body", limits.body())
          .addKeyValue("held_at_once", limits.inflightBytes())
          .log(
              "the largest bodies cannot be taken: they need a larger -Xmx or"
                  + " limits.inflight_bytes");
    }
    return gateway;
  }

  private void breakerOpened(String target) {
    int slash = target.indexOf('/');
    String provider = target.substring(0, slash);
    String model = inForce.shownModel(provider, target.substring(slash + 1));
    metrics.breakers().show(shared.routing().health(), target, provider, model);
    alerts.breakerOpened(target);
    cache.breakers().tell(target);
  }

  private @Nullable ContentKeeper contentKeeper() {
    ContentConfig kept = config.ledger().content();
    if (kept.keep() == Word.Content.OFF) {
      return null;
    }
    return new ContentKeeper(
        new Redaction((int) kept.limit().bytes(), kept.redact()),
        () -> KnownSecrets.of(snapshot.get().config()),
        said -> {
          telemetry.said(said);
          return stores.ledger().keep(said);
        },
        registry);
  }

  private LoopContext context(EventLoop loop, AddressResolverGroup<InetSocketAddress> resolver) {
    LoopContext context =
        new LoopContext(
            loop,
            new UpstreamPool(loop, transport, resolver),
            stores.ledger().writer(),
            new RequestIds(ticker, new SplittableRandom(new SecureRandom().nextLong())),
            stores::spend,
            // Behind all tasks of a turn: as one of them it would cost four more clock readings.
            new LoopPressure(
                ticker, ((SingleThreadEventLoop) loop)::executeAfterEventLoopIteration));
    contexts.add(context);
    return context;
  }

  /** Returns the traffic port that was bound. */
  public int port() {
    return traffic.port();
  }

  /** Returns the admin port that was bound. */
  public int adminPort() {
    return admin.port();
  }

  /** Returns what watches for changed configurations. */
  public Reloader reloader() {
    return reloader;
  }

  /**
   * Refuses new requests, waits for those under way as long as {@code limits.drain} says, tells the
   * clients of what is left, then stops everything. What is recorded is in the database when this
   * returns.
   */
  @Override
  public void close() {
    load.drain();
    stores.draining();
    new Drain(load, traffic, contexts).run(inForce.limits().drain().toNanos());
    reloader.close();
    admin.close();
    adminSink.close();
    demo.close();
    contexts.forEach(context -> context.loop().execute(context.pool()::close));
    // Before the loops: what was counted is booked there, and Redis is heard there.
    counter.close();
    cache.close();
    shared.hits().close();
    loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly();
    if (content != null) {
      content.close();
    }
    stores.close();
    telemetry.close();
    alerts.close();
    registry.close();
  }
}

package io.penstock.server.call.serve;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.core.FailureKind;
import io.penstock.providers.UpstreamRequest;
import io.penstock.server.call.Snapshot;
import io.penstock.server.call.attempt.UpstreamMessage;
import io.penstock.server.config.ProbeConfig;
import io.penstock.server.config.ProviderConfig;
import io.penstock.server.targets.ProviderRuntime;
import io.penstock.server.upstream.UpstreamListener;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the providers that want it, every so often, whether they are there, and tells the health of
 * their targets. It lists the provider's models, which is free; any answer but a 5xx is a sign of
 * life. Confined to one event loop; no call waits for it.
 */
public final class Probes {
  private static final Logger LOG = LoggerFactory.getLogger(Probes.class);
  private static final long LONGEST_NAP = TimeUnit.SECONDS.toNanos(1);
  private static final byte[] NO_BODY = {};

  private final Engine engine;
  private final EventLoop loop;
  private final Map<String, Long> due = new HashMap<>();
  private final Set<String> underWay = new HashSet<>();

  private Probes(Engine engine, EventLoop loop) {
    this.engine = engine;
    this.loop = loop;
  }

  /** Starts probing on that loop, as the configuration in force says, until the loop ends. */
  public static void start(Engine engine, EventLoop loop) {
    loop.execute(new Probes(engine, loop)::look);
  }

  /** Probes whom it is time for, and naps until the next; never long, as a reload may add some. */
  private void look() {
    long now = System.nanoTime();
    long nap = LONGEST_NAP;
    Snapshot snapshot = engine.snapshot();
    due.keySet().retainAll(snapshot.providers().keySet());
    for (ProviderRuntime provider : snapshot.providers().values()) {
      ProviderConfig config = snapshot.config().providers().get(provider.name());
      ProbeConfig probe = config == null ? null : config.probe();
      if (probe == null) {
        due.remove(provider.name());
        continue;
      }
      long at = due.getOrDefault(provider.name(), now);
      if (now - at >= 0) {
        probe(snapshot, provider);
        at = now + probe.every().toNanos();
        due.put(provider.name(), at);
      }
      nap = Math.min(nap, at - now);
    }
    loop.schedule(this::look, nap, TimeUnit.NANOSECONDS);
  }

  /** Asks, unless it has not yet been answered the last time: a silent provider gets no pile. */
  private void probe(Snapshot snapshot, ProviderRuntime provider) {
    String name = provider.name();
    if (underWay.contains(name)) {
      return;
    }
    UpstreamRequest request = new UpstreamRequest("GET", path(provider), List.of(), NO_BODY);
    FullHttpRequest http = UpstreamMessage.of(provider, request, provider.pickKey(), "");
    if (http != null) {
      underWay.add(name);
      engine
          .loop(loop)
          .pool()
          .send(
              provider.origin(),
              provider.timeouts(),
              http,
              new Verdict(engine, snapshot, provider, () -> underWay.remove(name)));
    }
  }

  /** Returns where a dialect lists its models; clouds list elsewhere and are just asked for. */
  private static String path(ProviderRuntime provider) {
    return switch (provider.dialect()) {
      case OPENAI, DEMO -> "/models";
      case ANTHROPIC, COHERE -> "/v1/models";
      case GEMINI -> "/v1beta/models";
      case AZURE, BEDROCK, VERTEX -> "/";
    };
  }

  /** Waits for the answer's status, and for its end. */
  private static final class Verdict implements UpstreamListener {
    private final Engine engine;
    private final Snapshot snapshot;
    private final ProviderRuntime provider;
    private final Runnable over;
    private boolean told;

    Verdict(Engine engine, Snapshot snapshot, ProviderRuntime provider, Runnable over) {
      this.engine = engine;
      this.snapshot = snapshot;
      this.provider = provider;
      this.over = over;
    }

    private void tell(boolean alive, String what) {
      if (told) {
        return;
      }
      told = true;
      if (!alive) {
        LOG.atWarn()
            .addKeyValue("provider", provider.name())
            .addKeyValue("found", what)
            .log("a probe failed");
      }
      for (String target : snapshot.targets().labels(provider)) {
        engine.routing().health().onProbe(target, alive);
      }
    }

    @Override
    public void onHead(int status, HttpHeaders headers) {
      tell(status < 500, "status " + status);
    }

    @Override
    public void onFailure(FailureKind kind, String message) {
      over.run();
      tell(false, message);
    }

    @Override
    public void onBroken(Throwable why) {
      over.run();
      LOG.atError().setCause(why).log("what a probe found could not be taken");
    }

    @Override
    public void onData(ByteBuf data) {}

    @Override
    public void onReadComplete() {}

    @Override
    public void onEnd() {
      over.run();
    }
  }
}

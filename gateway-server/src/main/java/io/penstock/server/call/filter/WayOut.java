package io.penstock.server.call.filter;

import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.cache.CacheEntry;
import io.penstock.core.Ending;
import io.penstock.core.Endpoint;
import io.penstock.core.GatewayException;
import io.penstock.core.Pipeline;
import io.penstock.core.Reply;
import io.penstock.core.route.Plan;
import io.penstock.core.route.RouteTable;
import io.penstock.ledger.Cause;
import io.penstock.server.call.Call;
import io.penstock.server.call.PassedPath;
import io.penstock.server.call.Snapshot;
import io.penstock.server.call.cache.CacheReplay;
import io.penstock.server.call.idempotency.Idempotency;
import io.penstock.server.call.passthrough.Passthrough;
import io.penstock.server.call.reply.Refusals;
import io.penstock.server.call.reply.RefusedException;
import io.penstock.server.call.reply.ResponseHeaders;
import io.penstock.server.call.serve.Attempts;
import io.penstock.server.call.serve.CallSurroundings;
import io.penstock.server.call.serve.Engine;
import io.penstock.server.call.side.HitVerifier;
import io.penstock.server.call.side.Shadow;
import io.penstock.server.targets.ProviderRuntime;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;

/**
 * Where a call goes once the filters are through with it: upstream, to its stored answer, or back
 * to its client. Thread-safe; a call's part of it runs on the call's loop.
 */
final class WayOut implements Pipeline.Exit<Call> {
  private final Engine engine;
  private final Idempotency idempotency;
  private final CacheReplay replay;
  private final HitVerifier verifier;
  private final Consumer<Call> answers = this::answer;

  WayOut(Engine engine, CacheReplay replay, HitVerifier verifier) {
    this.engine = engine;
    this.idempotency =
        new Idempotency(engine.accounting(), engine.shared().answers(), engine.load().orphans());
    this.replay = replay;
    this.verifier = verifier;
  }

  @Override
  public void forward(Call call) {
    if (call.isEnded()) {
      return;
    }
    try {
      idempotency.run(call, answers, this);
    } catch (RuntimeException | Error e) {
      fail(call, e);
    }
  }

  private void answer(Call call) {
    try {
      CacheEntry cached = call.cached();
      if (cached != null) {
        replay.serve(call, cached);
        verifier.served(call, engine);
      } else {
        start(call);
      }
    } catch (RuntimeException | Error e) {
      fail(call, e);
    }
  }

  /**
   * Starts the attempts of a call.
   *
   * @throws GatewayException when no target can be tried
   */
  private void start(Call call) {
    Snapshot now = call.snapshot();
    Endpoint endpoint = call.surface().endpoint();
    if (endpoint == Endpoint.PASSTHROUGH || endpoint == Endpoint.STORED_RESPONSE) {
      Passthrough.start(call, engine, passedTo(call));
      return;
    }
    RouteTable.Found route = now.routes().find(call.routedModel());
    if (route == null) {
      throw Refusals.unknownModel(call.routedModel(), now.routes().names());
    }
    call.destination().route(Snapshot.patternOf(route));
    CallSurroundings around = new CallSurroundings(call, now.routing().scores()::seen);
    Plan plan =
        now.planner().plan(route, call.facts(), around, ThreadLocalRandom.current().nextLong());
    Shadow.arm(call, engine, plan.options().shadow());
    new Attempts(call, engine, plan, around).next(Cause.REQUEST, "");
  }

  private static ProviderRuntime passedTo(Call call) {
    Snapshot now = call.snapshot();
    String keptAt = call.destination().keptAt();
    PassedPath entry = keptAt.isEmpty() ? now.passthrough().get(call.surface().rest()) : null;
    ProviderRuntime provider = entry == null ? now.providers().get(keptAt) : entry.provider();
    if (provider == null) {
      throw Refusals.unknownProvider(keptAt);
    }
    return provider;
  }

  @Override
  public void reply(Call call, Reply reply) {
    HttpHeaders headers = ResponseHeaders.of(call.dialect(), call.idText(), reply.contentType());
    reply.headers().forEach(headers::set);
    call.responder().reply(reply.status(), headers, reply.body());
    call.tally().answered(reply.status(), "", "");
    call.end(Ending.COMPLETED);
  }

  @Override
  public void fail(Call call, Throwable cause) {
    if (cause instanceof RefusedException limited && !call.isEnded()) {
      engine.refuse(call, limited.verdict());
    } else {
      call.guard().broken(cause);
    }
  }
}

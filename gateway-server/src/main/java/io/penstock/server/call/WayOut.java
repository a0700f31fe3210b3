package io.penstock.server.call;

import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.cache.CacheEntry;
import io.penstock.core.Ending;
import io.penstock.core.Pipeline;
import io.penstock.core.Reply;
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
        new Idempotency(engine.accounting(), engine.sharedAnswers(), engine.load().orphans());
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
        call.snapshot().forward(call, engine);
      }
    } catch (RuntimeException | Error e) {
      fail(call, e);
    }
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

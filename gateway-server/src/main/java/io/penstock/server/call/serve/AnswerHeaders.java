package io.penstock.server.call.serve;

import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.budget.RateState;
import io.penstock.core.price.NanoUsd;
import io.penstock.ledger.CacheOutcome;
import io.penstock.server.call.Call;
import io.penstock.server.call.accounting.Account;
import io.penstock.server.call.accounting.Settled;
import io.penstock.server.call.attempt.AttemptRun;
import io.penstock.server.call.reply.ErrorReplies;
import io.penstock.server.call.reply.RateHeaders;
import io.penstock.server.call.reply.ResponseHeaders;
import io.penstock.server.call.reply.UpstreamId;
import io.penstock.server.targets.TargetRuntime;
import java.util.ArrayList;
import java.util.List;

/** What the headers of an answer say of the attempt that gave it. Stateless. */
final class AnswerHeaders {
  private AnswerHeaders() {}

  /** Returns the headers of a streamed answer, as far as they are known at its start. */
  static HttpHeaders stream(Serving serving, Leg leg, AttemptRun run) {
    Call call = serving.call();
    HttpHeaders headers =
        ResponseHeaders.of(
            call.dialect(),
            call.idText(),
            call.surface().arraySplit() ? "application/json" : "text/event-stream; charset=utf-8");
    ResponseHeaders.stream(headers);
    common(headers, serving, leg, run);
    return headers;
  }

  /** Returns the headers of a whole answer. */
  static HttpHeaders whole(
      Serving serving, Leg leg, AttemptRun run, String contentType, Settled settled) {
    Call call = serving.call();
    HttpHeaders headers = ResponseHeaders.of(call.dialect(), call.idText(), contentType);
    common(headers, serving, leg, run);
    UpstreamId.add(headers, run.target().provider().dialect(), run.headers());
    if (settled.isKnown()) {
      headers.set(ResponseHeaders.COST, settled.cost());
      headers.set(ResponseHeaders.SAVED, settled.saved());
    }
    return headers;
  }

  /** Returns the headers of the error that an attempt ended with: who failed, and by what id. */
  static HttpHeaders failed(Call call, Leg leg) {
    HttpHeaders headers = ErrorReplies.headers(call.dialect(), call.idText());
    who(headers, leg.target(), leg.reason());
    AttemptRun run = leg.run();
    if (run != null) {
      UpstreamId.add(headers, leg.target().provider().dialect(), run.headers());
    }
    return headers;
  }

  /** Returns these headers without what is known only of the target that answers. */
  static HttpHeaders anonymous(HttpHeaders headers) {
    return headers
        .copy()
        .remove(ResponseHeaders.MODEL)
        .remove(ResponseHeaders.PROVIDER)
        .remove(ResponseHeaders.ROUTE)
        .remove(ResponseHeaders.PRICE_VERSION)
        .remove(ResponseHeaders.MAX_TOKENS)
        .remove(ResponseHeaders.DROPPED);
  }

  private static void who(HttpHeaders headers, TargetRuntime target, String reason) {
    headers.set(ResponseHeaders.MODEL, ResponseHeaders.safe(target.model()));
    headers.set(ResponseHeaders.PROVIDER, target.provider().name());
    headers.set(ResponseHeaders.ROUTE, ResponseHeaders.safe(reason));
  }

  private static void common(HttpHeaders headers, Serving serving, Leg leg, AttemptRun run) {
    Call call = serving.call();
    TargetRuntime target = run.target();
    who(headers, target, leg.reason());
    headers.set(ResponseHeaders.CACHE, call.cacheOutcome() == CacheOutcome.MISS ? "miss" : "off");
    headers.set(ResponseHeaders.PRICE_VERSION, target.price().version());
    if (leg.cap() >= 0) {
      headers.set(ResponseHeaders.MAX_TOKENS, leg.cap());
    }
    limits(headers, serving, leg.account());
    List<String> dropped = run.attempt().dropped();
    if (!dropped.isEmpty()) {
      headers.set(ResponseHeaders.DROPPED, ResponseHeaders.listed(dropped));
    }
  }

  private static void limits(HttpHeaders headers, Serving serving, Account account) {
    Call call = serving.call();
    long remaining = account.remainingNanos();
    if (remaining != Long.MAX_VALUE) {
      headers.set(ResponseHeaders.REMAINING, NanoUsd.format(remaining));
    }
    List<RateState> ofAttempt = account.rates();
    List<RateState> ofCall = call.rates();
    if (ofCall.isEmpty() && ofAttempt.isEmpty()) {
      return;
    }
    List<RateState> all = new ArrayList<>(ofCall);
    all.addAll(ofAttempt);
    RateHeaders.add(headers, call.dialect(), all, serving.engine().budgets().storeNow());
  }
}

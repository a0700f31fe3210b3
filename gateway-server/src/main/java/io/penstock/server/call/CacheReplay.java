package io.penstock.server.call;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.cache.CacheEntry;
import io.penstock.core.Ending;
import io.penstock.core.body.RequestBody;
import io.penstock.core.price.NanoUsd;
import io.penstock.providers.translate.Replay;
import io.penstock.server.metrics.CallMetrics;
import java.util.concurrent.TimeUnit;

/** Answers a call with a stored answer, in the shape that was asked for. */
final class CacheReplay {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String ROUTE = "cache";

  private final Accounting accounting;
  private final CallMetrics metrics;

  CacheReplay(Accounting accounting, CallMetrics metrics) {
    this.accounting = accounting;
    this.metrics = metrics;
  }

  /** Answers and ends the call; on its loop. */
  void serve(Call call, CacheEntry entry) {
    CacheEntry.Paid paid = entry.paid();
    TargetRuntime target = call.snapshot().targets().find(paid.provider(), paid.model());
    long saved = paid.costNanos();
    String version = "";
    if (target != null && target.price().isPriced()) {
      saved = target.price().costNanos(paid.usage(), call.startMillis());
      version = target.price().version();
    }
    HttpHeaders headers = headers(call, entry, version);
    if (call.stream()) {
      ResponseHeaders.stream(headers);
      byte[] events =
          Replay.expand(
              call.surface().endpoint(),
              entry.body(),
              wantsUsage(call.requestBody()),
              call.surface().arraySplit(),
              new Account.Settled(0, 0, saved).json());
      call.responder().head(200, headers);
      call.responder().write(Unpooled.wrappedBuffer(events));
      call.responder().end();
    } else {
      headers.set(ResponseHeaders.COST, NanoUsd.format(0));
      headers.set(ResponseHeaders.SAVED, NanoUsd.format(saved));
      call.responder().reply(200, headers, Unpooled.wrappedBuffer(entry.body()));
    }
    accounting.cacheHit(call, paid, saved, version);
    metrics.saved("exact_cache", call.principal().team(), saved);
    call.answered(200, paid.provider(), paid.model());
    call.end(Ending.COMPLETED);
  }

  private HttpHeaders headers(Call call, CacheEntry entry, String priceVersion) {
    boolean events = call.stream() && !call.surface().arraySplit();
    HttpHeaders headers =
        ResponseHeaders.of(
            call.dialect(),
            call.idText(),
            events ? "text/event-stream; charset=utf-8" : "application/json");
    long now = accounting.ticker().epochMillis();
    headers.set(ResponseHeaders.MODEL, ResponseHeaders.safe(entry.paid().model()));
    headers.set(ResponseHeaders.PROVIDER, entry.paid().provider());
    headers.set(ResponseHeaders.ROUTE, ROUTE);
    headers.set(ResponseHeaders.CACHE, "exact");
    headers.set(HttpHeaderNames.AGE, TimeUnit.MILLISECONDS.toSeconds(entry.ageMillis(now)));
    headers.set(ResponseHeaders.PRICE_VERSION, priceVersion);
    if (!call.rates().isEmpty()) {
      RateHeaders.add(headers, call.dialect(), call.rates(), now);
    }
    return headers;
  }

  private static boolean wantsUsage(RequestBody body) {
    int field = body.indexOf("stream_options");
    if (field < 0) {
      return false;
    }
    try {
      return MAPPER.readTree(body.raw(field)).path("include_usage").asBoolean();
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a body that was read is not JSON", e);
    }
  }
}

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
import org.jspecify.annotations.Nullable;

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

  /**
   * Where a stored answer came from.
   *
   * @param provider the configured provider's name
   * @param model the upstream model
   * @param priceVersion of today's price, "" when there is none
   */
  record Source(String provider, String model, long ageMillis, String priceVersion) {
    /** Returns the source of an answer that is being made. */
    static Source of(TargetRuntime target) {
      return new Source(target.provider().name(), target.model(), 0, target.price().version());
    }
  }

  /** Answers and ends the call; on its loop. */
  void serve(Call call, CacheEntry entry) {
    CacheEntry.Paid paid = entry.paid();
    TargetRuntime target = call.snapshot().targets().find(paid.provider(), paid.model());
    long age = entry.ageMillis(accounting.ticker().epochMillis());
    HttpHeaders headers =
        headers(call, new Source(paid.provider(), paid.model(), age, version(target)));
    long saved = saved(call, paid, target);
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
    book(call, entry);
  }

  /** Records a call that has got its stored answer, and ends it. */
  void book(Call call, CacheEntry entry) {
    CacheEntry.Paid paid = entry.paid();
    TargetRuntime target = call.snapshot().targets().find(paid.provider(), paid.model());
    long saved = saved(call, paid, target);
    accounting.cacheHit(call, paid, saved, version(target));
    metrics.saved("exact_cache", call.principal().team(), saved);
    call.answered(200, paid.provider(), paid.model());
    call.end(Ending.COMPLETED);
  }

  /** Returns what the answer would cost today on the target that made it, nano-USD. */
  private static long saved(Call call, CacheEntry.Paid paid, @Nullable TargetRuntime target) {
    return target != null && target.price().isPriced()
        ? target.price().costNanos(paid.usage(), call.startMillis())
        : paid.costNanos();
  }

  private static String version(@Nullable TargetRuntime target) {
    return target != null && target.price().isPriced() ? target.price().version() : "";
  }

  /** Returns the headers of a hit. */
  HttpHeaders headers(Call call, Source source) {
    boolean events = call.stream() && !call.surface().arraySplit();
    HttpHeaders headers =
        ResponseHeaders.of(
            call.dialect(),
            call.idText(),
            events ? "text/event-stream; charset=utf-8" : "application/json");
    headers.set(ResponseHeaders.MODEL, ResponseHeaders.safe(source.model()));
    headers.set(ResponseHeaders.PROVIDER, source.provider());
    headers.set(ResponseHeaders.ROUTE, ROUTE);
    headers.set(ResponseHeaders.CACHE, "exact");
    headers.set(HttpHeaderNames.AGE, TimeUnit.MILLISECONDS.toSeconds(source.ageMillis()));
    headers.set(ResponseHeaders.PRICE_VERSION, source.priceVersion());
    if (!call.rates().isEmpty()) {
      long now = accounting.ticker().epochMillis();
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

package io.penstock.server.call.cache;

import io.penstock.cache.CacheMode;
import io.penstock.core.ErrorCode;
import io.penstock.core.Filter;
import io.penstock.core.GatewayException;
import io.penstock.core.Step;
import io.penstock.server.call.Call;

/** Comes after every layer of the cache: who wants a stored answer or none goes no further. */
public final class CacheOnlyFilter implements Filter<Call> {
  @Override
  public Step apply(Call call) {
    boolean upstream = !call.surface().endpoint().isOwn();
    if (upstream && call.cacheMode() == CacheMode.ONLY && call.cached() == null) {
      throw miss();
    }
    return Step.next();
  }

  public static GatewayException miss() {
    return new GatewayException(
        ErrorCode.CACHE_MISS,
        "No stored answer fits this request, and X-Penstock-Cache: only forbids to make one.");
  }
}

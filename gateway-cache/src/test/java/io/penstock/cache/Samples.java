package io.penstock.cache;

import io.penstock.core.Endpoint;
import io.penstock.core.Ticker;
import io.penstock.core.body.RequestBody;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Values that several tests need. */
final class Samples {
  static final CacheScope TEAM = new CacheScope(CacheScope.Kind.TEAM, "support");
  static final long HOUR = 3_600_000;

  private Samples() {}

  static final class FakeTime implements Ticker {
    final AtomicLong nanos = new AtomicLong(1);

    void advanceMillis(long millis) {
      nanos.addAndGet(millis * 1_000_000);
    }

    @Override
    public long nanoTime() {
      return nanos.get();
    }

    @Override
    public long epochMillis() {
      return 1_700_000_000_000L + nanos.get() / 1_000_000;
    }
  }

  static CacheKey key(Endpoint endpoint, CacheScope scope, String body) {
    Keying keying =
        CacheKeys.of(
            new KeyInput(scope, endpoint, "m", "r1"),
            RequestBody.parse(body.getBytes(StandardCharsets.UTF_8)));
    if (keying instanceof Keying.Keyed keyed) {
      return keyed.key();
    }
    throw new AssertionError(body + " gave " + keying);
  }

  static CacheKey key(String text) {
    return key(Endpoint.CHAT, TEAM, "{\"messages\":\"" + text + "\"}");
  }

  static CacheEntry entry(CacheKey key, long nowMillis, String body) {
    return entry(key, TEAM, nowMillis, body);
  }

  static CacheEntry entry(CacheKey key, CacheScope scope, long nowMillis, String body) {
    Usage usage =
        Usage.builder().set(Meter.INPUT, 12).set(Meter.OUTPUT, 34).model("gpt-4o-mini").build();
    return new CacheEntry(
        new CacheEntry.Identity(key, scope, Endpoint.CHAT, "gpt"),
        new CacheEntry.Origin("support", "help-desk", List.of("faq")),
        new CacheEntry.Paid("openai", "gpt-4o-mini", usage, 4_200),
        CacheEntry.Life.of(nowMillis, HOUR),
        body.getBytes(StandardCharsets.UTF_8));
  }
}

package io.penstock.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.core.GatewayException;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class ExactCacheTest {
  private static final CacheKey KEY = Samples.key("q");

  private final Samples.FakeTime time = new Samples.FakeTime();
  private final ExactCache cache = ExactCache.embedded(100_000, time);

  private ExactCache.Ticket ticket() {
    return cache.ticket(KEY, Samples.TEAM).toCompletableFuture().join();
  }

  private static void assertSame(@Nullable CacheEntry found, CacheEntry stored) {
    assertThat(found).usingRecursiveComparison().isEqualTo(stored);
  }

  @Test
  void local_storedEntry_isFoundUntilItExpires() {
    CacheEntry entry = Samples.entry(KEY, time.epochMillis(), "a");
    cache.store(ticket(), entry);

    assertSame(cache.local(KEY, Samples.TEAM, Samples.HOUR), entry);
    time.advanceMillis(60_000);
    assertThat(cache.local(KEY, Samples.TEAM, 60_000)).isNull();
    assertSame(cache.local(KEY, Samples.TEAM, 60_001), entry);
    time.advanceMillis(Samples.HOUR);
    assertThat(cache.local(KEY, Samples.TEAM, Long.MAX_VALUE)).isNull();
  }

  @Test
  void local_otherScope_neverServes() {
    cache.store(ticket(), Samples.entry(KEY, time.epochMillis(), "a"));

    CacheScope other = new CacheScope(CacheScope.Kind.TEAM, "sales");

    assertThat(cache.local(KEY, other, Samples.HOUR)).isNull();
  }

  @Test
  void store_afterAnInvalidation_isDropped() {
    ExactCache.Ticket before = ticket();
    assertThat(cache.invalidate(Invalidation.all()).toCompletableFuture().join()).isEmpty();

    cache.store(before, Samples.entry(KEY, time.epochMillis(), "a"));

    assertThat(cache.local(KEY, Samples.TEAM, Samples.HOUR)).isNull();
  }

  @Test
  void invalidate_byEachCondition_dropsOnlyWhatMatches() {
    CacheEntry entry = Samples.entry(KEY, time.epochMillis(), "a");
    cache.store(ticket(), entry);
    long now = time.epochMillis();

    for (Invalidation other :
        new Invalidation[] {
          new Invalidation(Set.of("00"), null, null, null, null, null, null),
          new Invalidation(null, "sales", null, null, null, null, null),
          new Invalidation(null, null, "x", null, null, null, null),
          new Invalidation(null, null, null, "x", null, null, null),
          new Invalidation(null, null, null, null, "x", null, null),
          new Invalidation(null, null, null, null, null, now, null),
          new Invalidation(null, null, null, null, null, null, "team:sales")
        }) {
      assertThat(cache.invalidate(other).toCompletableFuture().join()).isEmpty();
    }
    Invalidation it =
        new Invalidation(
            Set.of(KEY.id()), "support", "help-desk", "gpt", "faq", now + 1, "team:support");
    assertThat(cache.dryRun(it).toCompletableFuture().join()).containsExactly(KEY.id());
    assertSame(cache.local(KEY, Samples.TEAM, Samples.HOUR), entry);
    assertThat(cache.invalidate(it).toCompletableFuture().join()).containsExactly(KEY.id());
    assertThat(cache.local(KEY, Samples.TEAM, Samples.HOUR)).isNull();
  }

  @Test
  void store_pastTheBound_staysBounded() {
    for (int i = 0; i < 1_000; i++) {
      CacheKey key = Samples.key("q" + i);
      cache.store(ticket(), Samples.entry(key, time.epochMillis(), "x".repeat(1_000)));
    }

    assertThat(cache.localBytes()).isLessThanOrEqualTo(100_000);
  }

  @Test
  void parse_modes_readAndStoreAsNamed() {
    assertThat(CacheMode.parse(null)).isEqualTo(CacheMode.USE);
    assertThat(CacheMode.parse("only").stores()).isFalse();
    assertThat(CacheMode.parse("refresh").reads()).isFalse();
    assertThatThrownBy(() -> CacheMode.parse("never"))
        .isInstanceOf(GatewayException.class)
        .hasMessageContaining("never");
  }
}

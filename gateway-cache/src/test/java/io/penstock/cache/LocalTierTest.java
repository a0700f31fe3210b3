package io.penstock.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class LocalTierTest {
  private static final int MIB = 1 << 20;

  private final Samples.FakeTime time = new Samples.FakeTime();
  private LocalTier tier = new LocalTier(MIB, time);

  @AfterEach
  void close() {
    tier.close();
  }

  private void put(int i, String body) {
    tier.put(Samples.entry(key(i), time.epochMillis(), body), tier.epoch());
  }

  private @Nullable String get(int i) {
    CacheEntry entry = tier.get(key(i), Samples.TEAM, Samples.HOUR);
    if (entry == null) {
      return null;
    }
    assertThat(entry.identity().key()).isEqualTo(key(i));
    return new String(entry.body(), StandardCharsets.UTF_8);
  }

  /** Keys whose first words are as unlike as those of a digest, and cheap. */
  private static CacheKey key(int i) {
    return new CacheKey(new Random(i).nextLong(), 2, 3, i);
  }

  private static String body(int i, int version) {
    return ("answer " + i + " of " + version + " ").repeat(1 + i % 60);
  }

  @Test
  void get_afterAnyHistoryWithinTheBound_isTheLastThatWasStored() {
    tier = new LocalTier(64L * MIB, time);
    Random random = new Random(7);
    Map<Integer, String> expected = new HashMap<>();
    for (int step = 0; step < 30_000; step++) {
      int i = random.nextInt(2_000);
      String body = body(i, step);
      put(i, body);
      expected.put(i, body);
      if (step % 1_000 == 999) {
        int gone = random.nextInt(2_000);
        assertThat(tier.invalidate(Invalidation.ofIds(Set.of(key(gone).id()))))
            .isEqualTo(expected.remove(gone) == null ? List.of() : List.of(key(gone).id()));
      }
    }

    expected.forEach((i, body) -> assertThat(get(i)).isEqualTo(body));
    assertThat(tier.count()).isEqualTo(expected.size());
    assertThat(tier.ids(Invalidation.all())).hasSize(expected.size());
    tier.invalidate(Invalidation.all());
    assertThat(tier.count()).isZero();
    assertThat(tier.bytes()).isZero();
  }

  @Test
  void put_pastTheBound_dropsTheOldestAndNeverAnswersWrongly() {
    for (int i = 0; i < 20_000; i++) {
      put(i, body(i, 1));
      assertThat(tier.bytes()).isLessThanOrEqualTo(MIB);
    }

    int found = 0;
    for (int i = 0; i < 20_000; i++) {
      String answer = get(i);
      assertThat(answer).isIn(null, body(i, 1));
      found += answer == null ? 0 : 1;
    }
    assertThat(get(0)).isNull();
    assertThat(get(19_999)).isNotNull();
    assertThat((long) found).isEqualTo(tier.count()).isGreaterThan(500);
  }

  @Test
  void put_smallEntries_areBoundedByTheTableToo() {
    for (int i = 0; i < 20_000; i++) {
      put(i, "");
      assertThat(get(i)).isEmpty();
    }

    assertThat(tier.count()).isLessThanOrEqualTo(4096);
  }

  @Test
  void put_pastTheBound_keepsWhatIsHit() {
    put(0, body(0, 1));
    for (int i = 1; i < 20_000; i++) {
      put(i, body(i, 1));
      assertThat(get(0)).isEqualTo(body(0, 1));
    }
  }

  @Test
  void put_everythingIsHit_stillTakesTheNew() {
    for (int i = 0; i < 10_000; i++) {
      put(i, body(i, 1));
      assertThat(get(i)).isEqualTo(body(i, 1));
    }
  }

  @Test
  void put_largeEntries_takeChunksOfTheirOwn() {
    String large = "x".repeat(300_000);
    for (int i = 0; i < 40; i++) {
      put(i, i % 2 == 0 ? large : "small");
      assertThat(get(i)).hasSize(i % 2 == 0 ? 300_000 : 5);
      assertThat(tier.bytes()).isLessThanOrEqualTo(MIB);
    }
    put(100, "x".repeat(2 * MIB));

    assertThat(get(100)).isNull();
  }

  @Test
  void resize_down_keepsTheNewestAndUpTakesMore() {
    for (int i = 0; i < 1_000; i++) {
      put(i, body(i, 1));
    }
    long before = tier.count();
    tier.resize(MIB / 4);
    assertThat(tier.bytes()).isLessThanOrEqualTo(MIB / 4);
    assertThat(tier.count()).isBetween(1L, before - 1);
    assertThat(get(999)).isEqualTo(body(999, 1));

    tier.resize(8L * MIB);
    long kept = tier.count();
    for (int i = 1_000; i < 3_000; i++) {
      put(i, body(i, 1));
    }

    assertThat(tier.count()).isEqualTo(kept + 2_000);
    assertThat(get(999)).isEqualTo(body(999, 1));
  }

  @Test
  void close_thenUsed_isEmpty() {
    put(1, "a");
    tier.close();
    put(2, "b");

    assertThat(get(1)).isNull();
    assertThat(get(2)).isNull();
    assertThat(tier.bytes()).isZero();
  }

  @Test
  void get_whileOthersStoreInvalidateAndResize_isWholeOrNothing() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<?>> running = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        int seed = t;
        running.add(threads.submit(() -> churn(new Random(seed))));
      }
      for (Future<?> each : running) {
        each.get();
      }
    }
  }

  private void churn(Random random) {
    for (int step = 0; step < 20_000; step++) {
      int i = random.nextInt(5_000);
      if (random.nextBoolean()) {
        put(i, body(i, 1));
      }
      assertThat(get(i)).isIn(null, body(i, 1));
      if (step % 4_000 == 0) {
        tier.invalidate(Invalidation.all());
      } else if (step % 1_000 == 0) {
        tier.resize(random.nextBoolean() ? MIB : MIB / 2);
      }
    }
  }
}

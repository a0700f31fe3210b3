package io.penstock.cache.semantic;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.cache.CacheEntry;
import io.penstock.cache.CacheKey;
import io.penstock.cache.CacheScope;
import io.penstock.cache.ExactCache;
import io.penstock.cache.Invalidation;
import io.penstock.cache.KeyInput;
import io.penstock.core.Endpoint;
import io.penstock.core.Ticker;
import io.penstock.core.price.Usage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class SemanticCacheTest {
  private static final long HOUR = 3_600_000;
  private static final SemanticCache.Policy POLICY = new SemanticCache.Policy(0.9, HOUR);
  private static final CacheScope TEAM = new CacheScope(CacheScope.Kind.TEAM, "support");

  private final AtomicLong millis = new AtomicLong(1_700_000_000_000L);
  private final Ticker time =
      new Ticker() {
        @Override
        public long nanoTime() {
          return millis.get() * 1_000_000;
        }

        @Override
        public long epochMillis() {
          return millis.get();
        }
      };
  private final ExactCache store = ExactCache.embedded(10_000_000, time);
  private final SemanticCache cache =
      SemanticCache.embedded(new SemanticCache.Settings(1, 4, 1_000), store, time);

  @AfterEach
  void close() {
    cache.close();
  }

  private static SemanticKeys.Question question(CacheScope scope, String text) {
    String body = "{\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}";
    KeyInput input = new KeyInput(scope, Endpoint.CHAT, "m", "r");
    return (SemanticKeys.Question)
        SemanticKeys.of(input, "builtin", body.getBytes(StandardCharsets.UTF_8));
  }

  private SemanticCache.Outcome ask(CacheScope scope, String text) {
    return cache.lookup(question(scope, text), POLICY).toCompletableFuture().join();
  }

  /** Offers an answer, and waits for its store by a look-up on the same single thread. */
  private void answered(String text, String answer) {
    SemanticCache.Miss miss = (SemanticCache.Miss) ask(TEAM, text);
    assertThat(miss.asked()).isNotNull();
    cache.offer(miss.asked(), entry(answer), HOUR);
    ask(TEAM, "Something else entirely?");
  }

  private static CacheEntry entry(String answer) {
    return new CacheEntry(
        new CacheEntry.Identity(new CacheKey(1, 2, 3, 4), TEAM, Endpoint.CHAT, "m"),
        new CacheEntry.Origin("support", "help-desk", List.of()),
        new CacheEntry.Paid("openai", "gpt", Usage.NONE, 77),
        new CacheEntry.Life(0, HOUR),
        answer.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void lookup_otherWording_isAHitWithItsAge() {
    answered("How do I reverse a string in Python?", "s[::-1]");
    millis.addAndGet(60_000);

    SemanticCache.Outcome outcome = ask(TEAM, "How can I reverse a string in Python?");

    assertThat(outcome).isInstanceOf(SemanticCache.Hit.class);
    CacheEntry entry = ((SemanticCache.Hit) outcome).entry();
    assertThat(new String(entry.body(), StandardCharsets.UTF_8)).isEqualTo("s[::-1]");
    assertThat(entry.ageMillis(time.epochMillis())).isEqualTo(60_000);
    assertThat(entry.paid().costNanos()).isEqualTo(77);
  }

  @Test
  void lookup_anotherQuestionOrScope_isAMiss() {
    answered("How do I reverse a string in Python?", "s[::-1]");

    assertThat(ask(TEAM, "How do I reverse a string in Java?"))
        .isInstanceOf(SemanticCache.Miss.class);
    assertThat(
            ask(
                new CacheScope(CacheScope.Kind.TEAM, "sales"),
                "How do I reverse a string in Python?"))
        .isInstanceOf(SemanticCache.Miss.class);
  }

  @Test
  void lookup_expiredOrInvalidated_isAMissAndLeavesTheIndex() {
    answered("How do I reverse a string in Python?", "s[::-1]");
    assertThat(cache.vectors()).isEqualTo(1);

    store.invalidate(new Invalidation(null, null, "help-desk", null, null, null));

    assertThat(ask(TEAM, "How do I reverse a string in Python?"))
        .isInstanceOf(SemanticCache.Miss.class);
    assertThat(cache.vectors()).isZero();
  }

  @Test
  void offer_afterAnInvalidation_isDropped() {
    SemanticCache.Miss miss = (SemanticCache.Miss) ask(TEAM, "How do I sign up?");
    store.invalidate(Invalidation.all());
    assertThat(miss.asked()).isNotNull();
    cache.offer(miss.asked(), entry("x"), HOUR);

    assertThat(ask(TEAM, "How do I sign up?")).isInstanceOf(SemanticCache.Miss.class);
  }

  @Test
  void lookup_fullQueue_isAMissAtOnce() {
    List<CompletableFuture<SemanticCache.Outcome>> all = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      all.add(
          cache.lookup(question(TEAM, "Question number " + i + "?"), POLICY).toCompletableFuture());
    }

    long refused =
        all.stream()
            .map(CompletableFuture::join)
            .filter(o -> o instanceof SemanticCache.Miss m && m.reason().equals("queue"))
            .count();

    assertThat(refused).isPositive();
  }

  @Test
  void similar_text_findsItsIds() throws Exception {
    answered("How do I reverse a string in Python?", "s[::-1]");
    CacheKey partition = question(TEAM, "x").partition();

    assertThat(cache.similar(partition, "reverse a string in Python", 0.8)).hasSize(1);
    assertThat(cache.similar(partition, "bake a cake", 0.8)).isEmpty();
  }
}

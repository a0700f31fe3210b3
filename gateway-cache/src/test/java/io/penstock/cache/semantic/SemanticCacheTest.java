package io.penstock.cache.semantic;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.cache.CacheEntry;
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
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
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
    return lookup(question(scope, text), null).join();
  }

  private CompletableFuture<SemanticCache.Outcome> lookup(
      SemanticKeys.Question question, float @Nullable [] vector) {
    return cache
        .lookup(new SemanticCache.Ask(question, vector == null ? null : () -> vector, null), POLICY)
        .toCompletableFuture();
  }

  /** Offers an answer, and waits for its store by a look-up on the same single thread. */
  private void answered(String text, String answer) {
    SemanticCache.Miss miss = (SemanticCache.Miss) ask(TEAM, text);
    assertThat(miss.asked()).isNotNull();
    cache.offer(miss.asked(), entry(miss.asked(), answer));
    ask(TEAM, "Something else entirely?");
  }

  private CacheEntry entry(Asked asked, String answer) {
    return new CacheEntry(
        asked.identity(Endpoint.CHAT, "m"),
        new CacheEntry.Origin("support", "help-desk", List.of()),
        new CacheEntry.Paid("openai", "gpt", Usage.NONE, 77),
        CacheEntry.Life.of(time.epochMillis(), HOUR),
        answer.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void lookup_otherWording_isAHitWithItsAge() {
    answered("How do I reverse a string in Python?", "s[::-1]");
    millis.addAndGet(60_000);

    SemanticCache.Outcome outcome = ask(TEAM, "How can I reverse a string in Python?");

    assertThat(outcome).isInstanceOf(SemanticCache.Hit.class);
    CacheEntry entry = ((SemanticCache.Hit) outcome).candidate().entry();
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

    store.invalidate(new Invalidation(null, null, "help-desk", null, null, null, null));

    assertThat(ask(TEAM, "How do I reverse a string in Python?"))
        .isInstanceOf(SemanticCache.Miss.class);
    assertThat(cache.vectors()).isZero();
  }

  @Test
  void offer_afterAnInvalidation_isDropped() {
    SemanticCache.Miss miss = (SemanticCache.Miss) ask(TEAM, "How do I sign up?");
    store.invalidate(Invalidation.all());
    assertThat(miss.asked()).isNotNull();
    cache.offer(miss.asked(), entry(miss.asked(), "x"));

    assertThat(ask(TEAM, "How do I sign up?")).isInstanceOf(SemanticCache.Miss.class);
  }

  @Test
  void lookup_fullQueue_isAMissAtOnce() {
    List<CompletableFuture<SemanticCache.Outcome>> all = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      all.add(lookup(question(TEAM, "Question number " + i + "?"), null));
    }

    long refused =
        all.stream()
            .map(CompletableFuture::join)
            .filter(o -> o instanceof SemanticCache.Miss m && m.reason().equals("queue"))
            .count();

    assertThat(refused).isPositive();
  }

  @Test
  void similar_text_findsItsIdsInEveryPartition() {
    answered("How do I reverse a string in Python?", "s[::-1]");

    assertThat(similar("reverse a string in Python")).hasSize(1);
    assertThat(similar("bake a cake")).isEmpty();
  }

  private Set<String> similar(String text) {
    return cache.similar(text, 0.8).toCompletableFuture().join();
  }

  @Test
  void checked_wrong_makesThoseLikeItSuspectUntilOneIsRight() {
    answered("How do I reverse a string in Python?", "s[::-1]");
    CacheEntry entry = hit("How can I reverse a string in Python?").candidate().entry();

    cache.checked(entry, true);
    assertThat(hit("How can I reverse a string in Python?").suspect()).isTrue();

    cache.checked(entry, false);
    assertThat(hit("How can I reverse a string in Python?").suspect()).isFalse();
  }

  private SemanticCache.Hit hit(String text) {
    return (SemanticCache.Hit) ask(TEAM, text);
  }

  @Test
  void lookup_vectorsOfAProvider_makeTheIndexAndStillPassTheVerifier() {
    SemanticKeys.Question stored = question(TEAM, "How do I reverse a string in Python?");
    SemanticCache.Miss miss = (SemanticCache.Miss) lookup(stored, new float[] {1, 0}).join();
    assertThat(miss.asked()).isNotNull();
    cache.offer(miss.asked(), entry(miss.asked(), "s[::-1]"));

    float[] near = {0.9f, 0.1f};
    assertThat(lookup(question(TEAM, "How can I reverse a string in Python?"), near).join())
        .isInstanceOf(SemanticCache.Hit.class);
    assertThat(lookup(question(TEAM, "How do I reverse a string in Java?"), near).join())
        .isInstanceOf(SemanticCache.Miss.class);
    assertThat(lookup(question(TEAM, "What is the capital of France?"), near).join())
        .isInstanceOf(SemanticCache.Miss.class);
    assertThat(similar("reverse a string in Python")).hasSize(1);
  }

  @Test
  void lookup_vectorsOfAnotherLength_makeAnIndexOfTheirOwn() {
    SemanticKeys.Question stored = question(TEAM, "How do I reverse a string in Python?");
    SemanticKeys.Question alike = question(TEAM, "How can I reverse a string in Python?");
    remember(stored, new float[] {1, 0}, "two");

    assertThat(lookup(alike, new float[] {1, 0, 0}).join()).isInstanceOf(SemanticCache.Miss.class);
    remember(alike, new float[] {1, 0, 0}, "three");
    assertThat(cache.vectors()).isEqualTo(2);

    assertThat(body(lookup(alike, new float[] {1, 0}).join())).isEqualTo("two");
    assertThat(body(lookup(alike, new float[] {1, 0, 0}).join())).isEqualTo("three");
  }

  private void remember(SemanticKeys.Question question, float[] vector, String answer) {
    SemanticCache.Miss miss = (SemanticCache.Miss) lookup(question, vector).join();
    assertThat(miss.asked()).isNotNull();
    cache.offer(miss.asked(), entry(miss.asked(), answer));
    ask(TEAM, "Something else entirely?");
  }

  private static String body(SemanticCache.Outcome hit) {
    CacheEntry entry = ((SemanticCache.Hit) hit).candidate().entry();
    return new String(entry.body(), StandardCharsets.UTF_8);
  }

  @Test
  void lookup_vectorThatIsNone_isAMissThatIsNotKept() {
    SemanticKeys.Question question = question(TEAM, "How do I reverse a string in Python?");
    for (float[] none :
        new float[][] {
          {}, {0, 0}, {1, Float.NaN}, {Float.POSITIVE_INFINITY, 1}, new float[20_000]
        }) {
      assertThat(lookup(question, none).join())
          .isEqualTo(new SemanticCache.Miss("failed", null, null));
    }
  }
}

package io.penstock.server.alerts;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.server.config.AlertConfig;
import io.penstock.server.config.value.Secret;
import io.penstock.server.config.value.SecretUrl;
import io.penstock.server.config.value.Word;
import io.penstock.server.config.value.Word.AlertKind;
import io.penstock.testkit.FakeTicker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Room, order, tries and ends of posts, one step after another in fake time. */
class WebhooksTest {
  private static final AlertConfig A = receiver("a");
  private static final AlertConfig B = receiver("b");

  private final FakeTicker ticker = FakeTicker.at("2026-11-23T12:00:00Z");
  private final ArrayDeque<Runnable> work = new ArrayDeque<>();
  private final List<String> posted = new ArrayList<>();
  private final Set<AlertConfig> failing = new HashSet<>();

  /** With it all receivers are taken out; 0: never. */
  private int lastPost;

  private List<AlertConfig> configured = List.of(A, B);
  private final Webhooks webhooks = new Webhooks(() -> configured, ticker, work::add, this::post);

  private static AlertConfig receiver(String host, AlertKind... on) {
    return new AlertConfig(
        SecretUrl.of("https://" + host + ".example/hidden-token"),
        List.of(on.length == 0 ? AlertKind.values() : on),
        Secret.of("hidden-secret"));
  }

  private String post(Alert alert, AlertConfig to) {
    if (posted.size() + 1 == lastPost) {
      configured = List.of();
    }
    posted.add(to.webhook().reveal().charAt(8) + " " + alert.text());
    return failing.contains(to) ? "status 500" : "";
  }

  private static Alert alert(AlertKind kind, int number) {
    return new Alert(
        UUID.randomUUID(), kind, Instant.ofEpochSecond(number), "n" + number, Map.of());
  }

  private void raise(AlertKind kind, int from, int to) {
    IntStream.range(from, to).forEach(i -> webhooks.post(alert(kind, i)));
  }

  private void runAll() {
    for (Runnable next = work.poll(); next != null; next = work.poll()) {
      next.run();
    }
  }

  /** As the timer does, for as long. */
  private void pass(Duration time) {
    for (long left = time.toMillis(); left > 0; left -= 500) {
      ticker.advance(Duration.ofMillis(500));
      webhooks.tick();
      runAll();
    }
  }

  private Delivery to(int receiver) {
    return webhooks.deliveries().get(receiver);
  }

  private long lost(AlertKind kind, Undelivered why) {
    return webhooks.undelivered(kind, why);
  }

  @Test
  void receiverThatHangs_takesNoRoomOfAnother_andNothingWaitsForIt() {
    raise(AlertKind.BUDGET, 0, 2 * Outbox.ROOM);
    // Nothing ran yet: both have as many as fit, and a few under way each.
    assertThat(work).hasSize(2 * Outbox.AT_ONCE);
    assertThat(to(0).waiting()).isEqualTo(Outbox.ROOM);
    assertThat(to(1).waiting()).isEqualTo(Outbox.ROOM);
    assertThat(lost(AlertKind.BUDGET, Undelivered.NO_ROOM)).isEqualTo(2 * Outbox.ROOM);
    // Those of the first are never run: it hangs.
    for (int i = 0; i < 2 * Outbox.AT_ONCE; i++) {
      Runnable next = work.remove();
      if (i % 2 == 1) {
        next.run();
      }
    }
    assertThat(to(1).delivered()).isEqualTo(Outbox.ROOM);
    raise(AlertKind.BUDGET, 5000, 5390);
    runAll();
    assertThat(to(1).delivered()).isEqualTo(Outbox.ROOM + 390);
  }

  @Test
  void receiverAwayForTwoMinutes_losesNothing() {
    failing.add(A);
    raise(AlertKind.BUDGET, 0, 100);
    pass(Duration.ofMinutes(2));
    assertThat(to(0).again()).isEqualTo(100);
    assertThat(to(0).problem()).isEqualTo("status 500");
    failing.clear();
    pass(Duration.ofMinutes(3));
    assertThat(to(0).delivered()).isEqualTo(100);
    assertThat(to(0).waiting()).isZero();
    assertThat(lost(AlertKind.BUDGET, Undelivered.GAVE_UP)).isZero();
  }

  @Test
  void receiverThatFailsAlways_isTriedWithGrowingPauses_thenCountedAsGivenUp() {
    failing.add(A);
    raise(AlertKind.BREAKER, 7, 8);
    runAll();
    pass(Duration.ofMillis(3500));
    assertThat(posted).filteredOn("a n7"::equals).hasSize(4);
    pass(Duration.ofMinutes(8));
    assertThat(to(0).waiting()).isOne();
    pass(Duration.ofMinutes(1));
    assertThat(posted).filteredOn("a n7"::equals).hasSize(Outbox.TRIES);
    assertThat(to(0).waiting()).isZero();
    assertThat(lost(AlertKind.BREAKER, Undelivered.GAVE_UP)).isOne();
    assertThat(to(0).undelivered()).containsEntry(Undelivered.GAVE_UP, 1L);
    assertThat(to(1).undelivered()).containsEntry(Undelivered.GAVE_UP, 0L);
  }

  @Test
  void firstPosts_goBeforeThoseThatAreDueAgain() {
    configured = List.of(A);
    failing.add(A);
    raise(AlertKind.BUDGET, 0, 50);
    runAll();
    posted.clear();
    failing.clear();
    ticker.advance(Duration.ofSeconds(1));
    raise(AlertKind.BUDGET, 100, 110);
    // What was started when the first of them came is under way already.
    runAll();
    List<Integer> order = posted.stream().map(line -> Integer.parseInt(line.substring(3))).toList();
    int last = order.lastIndexOf(order.stream().mapToInt(i -> i).max().orElseThrow());
    assertThat(order).hasSize(60);
    assertThat(order.subList(0, last + 1)).filteredOn(i -> i < 100).hasSizeLessThan(Outbox.AT_ONCE);
  }

  @Test
  void full_newAlertTakesThePlaceOfTheOldestThatFailed_andABreakersOfAnyBudgets() {
    configured = List.of(A);
    failing.add(A);
    raise(AlertKind.BUDGET, 0, Outbox.ROOM);
    runAll();
    assertThat(to(0).again()).isEqualTo(Outbox.ROOM);
    List<Runnable> hangs = new ArrayList<>();
    raise(AlertKind.BUDGET, 5000, 5001);
    hangs.add(work.remove());
    raise(AlertKind.BREAKER, 6000, 6000 + Outbox.ROOM - 1);
    assertThat(lost(AlertKind.BUDGET, Undelivered.NO_ROOM)).isEqualTo(Outbox.ROOM);
    assertThat(lost(AlertKind.BREAKER, Undelivered.NO_ROOM)).isZero();
    assertThat(to(0).waiting()).isEqualTo(Outbox.ROOM);
    raise(AlertKind.BUDGET, 7000, 7001);
    assertThat(lost(AlertKind.BUDGET, Undelivered.NO_ROOM)).isEqualTo(Outbox.ROOM + 1);
    failing.clear();
    hangs.forEach(Runnable::run);
    runAll();
    assertThat(to(0).delivered()).isEqualTo(Outbox.ROOM);
    assertThat(posted).doesNotContain("a n7000").contains("a n5000", "a n6000");
  }

  @Test
  void full_ofBudgetsThatWereNeverPosted_breakerTakesThePlaceOfTheOldest() {
    configured = List.of(A);
    raise(AlertKind.BUDGET, 0, Outbox.ROOM);
    raise(AlertKind.BREAKER, 6000, 6001);
    runAll();
    assertThat(posted)
        .hasSize(Outbox.ROOM)
        .contains("a n6000")
        .doesNotContain("a n" + Outbox.AT_ONCE);
    assertThat(lost(AlertKind.BUDGET, Undelivered.NO_ROOM)).isOne();
  }

  @Test
  void receiverTakenOut_isNotPostedToAgain_andWhatWaitedIsCounted() {
    failing.add(A);
    raise(AlertKind.BUDGET, 0, 10);
    runAll();
    posted.clear();
    configured = List.of(B);
    pass(Duration.ofMinutes(10));
    assertThat(posted).isEmpty();
    assertThat(webhooks.deliveries()).hasSize(1);
    assertThat(lost(AlertKind.BUDGET, Undelivered.UNWANTED)).isEqualTo(10);
  }

  @Test
  void receiverTakenOutWhileABurstIsPosted_isToldOfNoMore() {
    configured = List.of(A);
    raise(AlertKind.BUDGET, 0, 100);
    lastPost = 10;
    runAll();
    // The others were under way before the edit.
    assertThat(posted).hasSize(10 + Outbox.AT_ONCE - 1);
    assertThat(webhooks.deliveries()).isEmpty();
  }

  @Test
  void kindNoLongerWanted_isNotPostedAgain_othersAre() {
    failing.add(A);
    raise(AlertKind.BUDGET, 0, 3);
    raise(AlertKind.BREAKER, 3, 5);
    runAll();
    posted.clear();
    configured = List.of(B, receiver("a", AlertKind.BREAKER));
    pass(Duration.ofMinutes(1));
    assertThat(posted).containsExactlyInAnyOrder("a n3", "a n4");
    assertThat(lost(AlertKind.BUDGET, Undelivered.UNWANTED)).isEqualTo(3);
    assertThat(to(1).receiver()).isOne();
    assertThat(to(1).delivered()).isEqualTo(2);
  }

  @Test
  void failureOfAReceiverThatIsGoneMeanwhile_isNotTriedAgain() {
    configured = List.of(A);
    failing.add(A);
    raise(AlertKind.BUDGET, 0, 1);
    configured = List.of();
    webhooks.tick();
    runAll();
    pass(Duration.ofMinutes(1));
    assertThat(posted).hasSize(1);
    assertThat(lost(AlertKind.BUDGET, Undelivered.UNWANTED)).isOne();
  }

  @Test
  void sameAddressTwice_isTwoReceivers() {
    configured = List.of(receiver("a", AlertKind.BUDGET), receiver("a", AlertKind.BREAKER));
    raise(AlertKind.BUDGET, 0, 1);
    raise(AlertKind.BREAKER, 1, 2);
    runAll();
    assertThat(posted).containsExactly("a n0", "a n1");
    assertThat(to(0).delivered()).isOne();
    assertThat(to(1).delivered()).isOne();
  }

  @Test
  void sameAddressTwice_swappedOrOneTakenOut_eachKeepsWhatWaits() {
    AlertConfig budgets = receiver("a", AlertKind.BUDGET);
    AlertConfig breakers = receiver("a", AlertKind.BREAKER);
    configured = List.of(budgets, breakers);
    raise(AlertKind.BUDGET, 0, 1);
    raise(AlertKind.BREAKER, 1, 2);
    failing.addAll(configured);
    runAll();
    posted.clear();
    failing.clear();
    configured = List.of(breakers, budgets);
    webhooks.tick();
    configured = List.of(breakers);
    pass(Duration.ofSeconds(1));
    assertThat(posted).containsExactly("a n1");
    assertThat(lost(AlertKind.BREAKER, Undelivered.UNWANTED)).isZero();
  }

  @Test
  void moreReceiversThanMayBe_haveNoRoom_andItShows() {
    configured =
        IntStream.range(0, Webhooks.MOST_RECEIVERS + 1)
            .mapToObj(i -> receiver(Character.toString('A' + i)))
            .toList();
    raise(AlertKind.BUDGET, 0, 1);
    runAll();
    assertThat(posted).hasSize(Webhooks.MOST_RECEIVERS);
    assertThat(lost(AlertKind.BUDGET, Undelivered.NO_ROOM)).isOne();
    assertThat(to(Webhooks.MOST_RECEIVERS).undelivered()).containsEntry(Undelivered.NO_ROOM, 1L);
  }

  @Test
  void whatThePortShows_hasNeitherAddressNorSecret_andPlacesAsConfigured() {
    AlertConfig nobody = new AlertConfig(SecretUrl.of(""), List.of(Word.AlertKind.BUDGET), null);
    configured = List.of(nobody, A);
    failing.add(A);
    raise(AlertKind.BUDGET, 0, 1);
    runAll();
    assertThat(to(0).json())
        .containsEntry("receiver", 1)
        .containsEntry("webhook", "https://a.example/****")
        .containsEntry("again", 1)
        .containsEntry("last_problem", "status 500")
        .containsEntry("last_failed", "2026-11-23T12:00:00Z")
        .containsEntry("last_delivered", null)
        .containsEntry("undelivered", Map.of("no_room", 0L, "gave_up", 0L, "unwanted", 0L));
    assertThat(to(0).json().toString()).doesNotContain("hidden");
  }
}

package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.core.price.NanoUsd;
import io.penstock.testkit.Await;
import io.penstock.testkit.RedisServer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Several replicas in one process, one real Redis. */
class RedisBudgetsTest {
  private static final long USD = NanoUsd.USD;

  private final RedisServer server = RedisServer.start();
  private final Replicas replicas = new Replicas(server.uri());

  private Budgets replica(long limit) {
    return replicas.start(limit);
  }

  private static Verdict reserve(Budgets budgets, long nanos) {
    return Replicas.reserve(budgets, nanos);
  }

  @AfterEach
  void close() {
    replicas.close();
    server.close();
  }

  @Test
  void twoReplicas_oneBudget_spendItToTheLastNano_andNotMore() {
    Budgets a = replica(100 * USD);
    Budgets b = replica(100 * USD);
    Await.until("budgets are ready", () -> a.isReady() && b.isReady());

    long granted = 0;
    List<Reservation> open = new ArrayList<>();
    for (int i = 0; i < 120; i++) {
      if (reserve(i % 2 == 0 ? a : b, USD) instanceof Verdict.Granted g) {
        granted++;
        open.add(g.reservation());
      }
    }

    assertThat(granted).isEqualTo(100);
    assertThat(reserve(a, 1)).isInstanceOf(Verdict.Denied.class);
    open.get(0).settle(USD / 2, 0);
    assertThat(reserve(a, USD / 2)).isInstanceOf(Verdict.Granted.class);
    assertThat(reserve(b, 1)).isInstanceOf(Verdict.Denied.class);
    BudgetPage page = a.states("", 10).toCompletableFuture().join();
    assertThat(page.states()).hasSize(1);
    assertThat(page.states().get(0).limit()).isEqualTo(100 * USD);
  }

  @Test
  void states_cursorThatNoPageGave_isRefusedForWhatItIs() {
    Budgets a = replica(USD);
    Await.until("budgets are ready", a::isReady);
    for (String cursor : List.of("abc", "-1", "1.5", "18446744073709551616")) {
      assertThatThrownBy(() -> a.states(cursor, 10))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("cursor: " + cursor + " (expected: the next of the page before");
    }
    // Any number is a place of Redis; where nothing is, the list has ended.
    BudgetPage page = a.states("18446744073709551615", 10).toCompletableFuture().join();
    assertThat(page.next()).isEmpty();
  }

  /** Everything that is stored but leases, which hellos renew. */
  private String stored() {
    return server.command(
        "EVAL",
        "local all = redis.call('KEYS', ARGV[1]) table.sort(all) local out = '' for _, k in"
            + " ipairs(all) do if not k:find(':live') then out = out .. k .. ' ' .."
            + " redis.sha1hex(redis.call('DUMP', k)) .. '\\n' end end return out",
        "0",
        "*");
  }

  @Test
  void read_afterARestart_isWhatWasSpent_andLeavesTheStoreAsItWas() {
    TestFacts ann = TestFacts.user("ann");
    Budgets before = replica(100 * USD);
    Await.until("budgets are ready", before::isReady);
    ((Verdict.Granted) reserve(before, 90 * USD)).reservation().settle(90 * USD, 0);
    before.leave().toCompletableFuture().join();
    // The ledger of this test has nothing: what was spent is put back as a top-up is.
    Budgets after = replica(100 * USD);
    Await.until("budgets are ready", after::isReady);
    CounterKey key = Objects.requireNonNull(after.counter("org", -1, ""));
    after.ledgerChanged(List.of(new LedgerPart(key, 1, 90 * USD)));
    Await.until(
        "the ledger was told",
        () ->
            after.states("", 10).toCompletableFuture().join().states().stream()
                .anyMatch(state -> state.spent() == 90 * USD));
    String stored = stored();
    assertThat(stored).contains(key.id().toString());
    assertThat(after.used("org", ann)).isZero();

    Replicas.read(after);

    assertThat(after.used("org", ann)).isEqualTo(0.9);
    assertThat(after.unread()).isZero();
    assertThat(stored()).isEqualTo(stored);
    assertThat(after.resident()).isZero();
  }

  /** The keys of which what was spent or the epoch was read, in the order Redis met them. */
  private List<String> keysRead() {
    String all =
        server.command(
            "EVAL",
            "local out = '' for _, entry in ipairs(redis.call('SLOWLOG', 'GET', 1000)) do local c ="
                + " entry[4] if c[1]:lower() == 'hget' and (c[3] == 'spent' or c[3] == 'E') then"
                + " out = c[2] .. ' ' .. out end end return out",
            "0");
    return List.of(all.strip().split(" "));
  }

  @Test
  void read_isOneRoundTrip() {
    Budgets budgets = replica(100 * USD);
    Await.until("budgets are ready", budgets::isReady);
    String id = Objects.requireNonNull(budgets.counter("org", -1, "")).id().toString();
    server.command("CONFIG", "SET", "slowlog-max-len", "1000");
    server.command("CONFIG", "SET", "slowlog-log-slower-than", "0");

    Replicas.read(budgets);

    // The counter before the epoch in its name was told: it was not waited for.
    assertThat(keysRead())
        .satisfiesExactly(
            counter -> assertThat(counter).endsWith(":c:" + id),
            epoch -> assertThat(epoch).endsWith(":epoch"));
  }

  @Test
  void read_whileRedisIsGone_ends_andIsCounted() {
    Budgets a = replica(100 * USD);
    Await.until("budgets are ready", a::isReady);
    server.kill();

    Replicas.read(a);

    assertThat(a.used("org", TestFacts.user("ann"))).isZero();
    assertThat(a.unread()).isEqualTo(1);
  }

  @Test
  void scriptFlush_andPause_areNotNoticed_farFromTheLimit() {
    Budgets a = replica(1_000 * USD);
    Await.until("budgets are ready", a::isReady);
    reserve(a, USD);
    server.command("SCRIPT", "FLUSH");

    assertThat(reserve(a, 400 * USD)).isInstanceOf(Verdict.Granted.class);
    server.kill();
    Verdict first = a.reserve(TestFacts.user("ann"), Ask.of(USD, 0));
    assertThat(first).isInstanceOf(Verdict.Granted.class);
  }

  @Test
  void restartWithDataLoss_opensAgain_withWhatIsHeld() {
    Budgets a = replica(10 * USD);
    Await.until("budgets are ready", a::isReady);
    Reservation held = ((Verdict.Granted) reserve(a, 7 * USD)).reservation();
    long owner = a.owner();
    server.restart();
    Await.until("budgets are ready", () -> a.isReady() && a.owner() != owner);

    assertThat(reserve(a, 4 * USD)).isInstanceOf(Verdict.Denied.class);
    assertThat(held.settle(2 * USD, 0).get(0).owner()).isEqualTo(a.owner());
    assertThat(reserve(a, 8 * USD)).isInstanceOf(Verdict.Granted.class);
  }

  @Test
  void leave_inOrder_freesWhatWasNotSpent() {
    Budgets a = replica(10 * USD);
    Budgets b = replica(10 * USD);
    Await.until("budgets are ready", () -> a.isReady() && b.isReady());
    ((Verdict.Granted) reserve(a, 8 * USD)).reservation().settle(0, 0);

    a.leave().toCompletableFuture().join();
    a.close();

    assertThat(reserve(b, 10 * USD)).isInstanceOf(Verdict.Granted.class);
  }

  @Test
  void evictingRedis_isRefusedAtStart() {
    server.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");

    assertThatThrownBy(() -> replica(USD))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("allkeys-lru (expected: noeviction or volatile-*");
  }
}

package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisClient;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.StatefulRedisConnection;
import io.penstock.budget.Request.Answer;
import io.penstock.core.price.NanoUsd;
import io.penstock.testkit.RedisServer;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The scripts on a real Redis, against {@link MemoryStore}, command by command. */
class ScriptsTest {
  private static final long LEASE = 3_600_000;
  private static final Window TOTAL = new Window(Window.Every.TOTAL, ZoneOffset.UTC);

  private final RedisClient client = RedisClient.create(RedisServer.shared().uri());
  private final StatefulRedisConnection<String, String> redis = client.connect();
  private final RedisWire wire = new RedisWire("{test}:p1", LEASE, 0);
  private MemoryStore model = new MemoryStore(LEASE, 0, false);

  @BeforeEach
  void empty() {
    redis.sync().flushall();
  }

  @AfterEach
  void disconnect() {
    redis.close();
    client.shutdown();
  }

  private Answer script(Request request) {
    return script(request, wire);
  }

  private Answer script(Request request, RedisWire with) {
    RedisWire.Script script = RedisWire.script(request);
    List<Object> raw =
        redis
            .sync()
            .eval(
                script.source(),
                ScriptOutputType.MULTI,
                with.keys(script),
                with.arguments(request));
    return with.answer(request, raw);
  }

  private long time() {
    return Long.parseLong(redis.sync().time().get(0)) * 1000;
  }

  private static CounterKey key(int i) {
    return CounterKey.of(
        "budget with spaces " + i, i - 1, unit(i), List.of(), "s / ü", TOTAL.at(0));
  }

  /** Money, tokens, permits. */
  private static Limit.Unit unit(int i) {
    return Limit.Unit.values()[i];
  }

  @Test
  void randomCommands_scriptsAndModel_answerTheSame() {
    for (int seed = 0; seed < Integer.getInteger("budget.commands", 40); seed++) {
      redis.sync().flushall();
      model = new MemoryStore(LEASE, 0, false);
      Twin twin = new Twin(new Random(seed));
      for (int step = 0; step < 60; step++) {
        twin.step("seed " + seed + " step " + step);
      }
    }
  }

  /** Sends the same to both; epochs differ, so each is told its own. */
  private final class Twin {
    private final Random random;
    private final long there;
    private final long here;
    private final long[] fences = {0, 0, 0};
    private final long big;
    private long version;

    Twin(Random random) {
      this.random = random;
      this.there = ((Answer.Stale) script(new Request.Hello(0, 0, 0, false))).epoch();
      this.here = ((Answer.Stale) model.apply(new Request.Hello(0, 0, 0, false), time())).epoch();
      this.big = random.nextBoolean() ? 50_000_000 * NanoUsd.USD : 1_000;
      for (int i = 0; i < 3; i++) {
        fences[i] = 1;
        both(e -> new Request.Hello(e, 0, 1, true), "join");
      }
    }

    private void both(java.util.function.LongFunction<Request> of, String at) {
      Answer theirs = script(of.apply(there));
      Answer ours = model.apply(of.apply(here), time());
      assertThat(comparable(theirs)).as(at).isEqualTo(comparable(ours));
    }

    private String comparable(Answer answer) {
      return switch (answer) {
        case Answer.Welcome w ->
            "welcome " + (w.owner() & 0xffff) + w.open() + numbers(w.expired());
        case Answer.Moved m ->
            "moved "
                + m.open()
                + m.living()
                + m.counters()
                + java.util.Arrays.toString(m.calls())
                + m.takes().stream().map(t -> t.granted() + "/" + t.remaining()).toList()
                + numbers(m.expired());
        case Answer.Reaped r ->
            "reaped "
                + r.totals().stream().map(c -> c.counter() + "=" + c.amount()).sorted().toList();
        case Answer.Stale s -> "stale";
        case Answer.Gone g -> "gone";
        case Answer.Fenced f -> "fenced";
        case Answer.Done d -> "done";
      };
    }

    /** Without the epoch, which differs, and in no order: the leases ended at the same moment. */
    private List<Long> numbers(List<Long> owners) {
      return owners.stream().map(o -> o & 0xffff).sorted().toList();
    }

    void step(String at) {
      int o = 1 + random.nextInt(3);
      int kind = random.nextInt(100);
      if (kind < 5) {
        fences[o - 1]++;
        both(e -> new Request.Hello(e, Owners.of(e, o), fences[o - 1], true), at);
      } else if (kind < 8) {
        both(e -> new Request.Hello(e, Owners.of(e, o), 0, true), at);
      } else if (kind < 12) {
        LedgerPart part = new LedgerPart(key(random.nextInt(2)), ++version, amount());
        both(e -> new Request.Ledger(e, List.of(part)), at);
      } else if (kind < 13) {
        LedgerPart total = new LedgerPart(key(random.nextInt(2)), 1, amount());
        both(e -> new Request.Close(e, Owners.of(e, o), List.of(total)), at);
      } else if (kind < 19) {
        boolean done = kind < 15;
        both(e -> new Request.Reap(e, Owners.of(e, o), done), at);
      } else if (kind < 23) {
        expire(o);
      } else {
        move(o, at);
      }
    }

    /** A heartbeat of long ago: the lease is over, and whoever reaps now charges it in full. */
    private void expire(int o) {
      script(
          new Request.Hello(there, Owners.of(there, o), fences[o - 1], true),
          new RedisWire("{test}:p1", -1_000, 0));
      model.apply(
          new Request.Hello(here, Owners.of(here, o), fences[o - 1], true), time() - LEASE - 1_000);
    }

    private long amount() {
      return random.nextInt(8) == 0 ? 0 : (long) (random.nextDouble() * big / 3);
    }

    /** A call that a budget has sent to another model may go beyond the limit. */
    private long most() {
      return random.nextInt(4) == 0 ? big + big / 5 : big;
    }

    private void move(int o, String at) {
      int n = 1 + random.nextInt(3);
      long fence = random.nextInt(20) == 0 ? fences[o - 1] - 1 : fences[o - 1];
      List<Request.Entry> entries = new ArrayList<>();
      for (int i = 0; i < n; i++) {
        long spent = unit(i) == Limit.Unit.PERMITS ? 0 : amount();
        boolean drained = random.nextBoolean();
        entries.add(
            new Request.Entry(
                key(i),
                unit(i),
                random.nextInt(4) == 0,
                spent + amount() - (random.nextInt(20) == 0 ? big : 0),
                spent,
                // Nor need they have the same limit, while one is being changed.
                random.nextInt(3) == 0 ? big / 2 : big,
                random.nextInt(3) == 0 ? 0 : big / 10,
                random.nextInt(3) == 0 ? big : amount(),
                drained,
                random.nextInt(10) == 0 ? 5 : 0,
                // Replicas need not have the same thresholds, nor the same order.
                random.nextBoolean() ? List.of(50, 90, 100) : List.of(100, 70, 50, 10)));
      }
      List<Request.Call> calls = new ArrayList<>();
      for (int i = random.nextInt(4); i > 0; i--) {
        calls.add(
            n == 1
                ? new Request.Call(new int[] {0}, new long[] {amount()}, new long[] {most()})
                : new Request.Call(
                    new int[] {n - 1, 0},
                    new long[] {amount(), amount()},
                    new long[] {most(), most()}));
      }
      List<Request.Take> takes = new ArrayList<>();
      for (int i = random.nextInt(2); i > 0; i--) {
        takes.add(
            new Request.Take(
                new UUID(0, 7), 86_400_000_000L, 500, random.nextInt(41), random.nextInt(40)));
      }
      both(e -> new Request.Move(e, Owners.of(e, o), fence, entries, calls, takes), at);
    }
  }

  @Test
  void deadOwner_isChargedInFull_untilItIsClosed() {
    long epoch = ((Answer.Stale) script(new Request.Hello(0, 0, 0, false))).epoch();
    Answer.Welcome first = (Answer.Welcome) script(new Request.Hello(epoch, 0, 1, true));
    Answer.Welcome second = (Answer.Welcome) script(new Request.Hello(epoch, 0, 1, true));
    grant(epoch, first.owner(), 70);
    redis.sync().zadd("{test}:p1:live", 1, "1");

    Answer.Welcome beat =
        (Answer.Welcome) script(new Request.Hello(epoch, second.owner(), 1, true));
    Answer.Reaped reaped = (Answer.Reaped) script(new Request.Reap(epoch, first.owner(), false));

    assertThat(beat.expired()).containsExactly(first.owner());
    assertThat(reaped.totals()).containsExactly(new Charge(key(0), first.owner(), 70));
    assertThat(script(new Request.Hello(epoch, first.owner(), 2, true)))
        .isInstanceOf(Answer.Gone.class);
    assertThat(grant(epoch, second.owner(), 31).calls()).containsExactly(0);
    script(new Request.Close(epoch, first.owner(), List.of(new LedgerPart(key(0), 1, 20))));
    assertThat(grant(epoch, second.owner(), 80).calls()).containsExactly(-1);
  }

  @Test
  void counterWithoutEnd_idleFor30Days_isForgotten_unlessSomebodyHoldsSomeOfIt() {
    long epoch = ((Answer.Stale) script(new Request.Hello(0, 0, 0, false))).epoch();
    Answer.Welcome one = (Answer.Welcome) script(new Request.Hello(epoch, 0, 1, true));
    String ends = "{test}:p1:end";
    grant(epoch, one.owner(), 70);
    String counter = redis.sync().zrange(ends, 0, -1).getFirst();
    double due = redis.sync().zscore(ends, counter);
    assertThat(due - time()).isBetween(28.9 * 86_400_000, 29.1 * 86_400_000);

    redis.sync().zadd(ends, 1, counter);
    script(new Request.Hello(epoch, one.owner(), 1, true));
    assertThat(redis.sync().exists(counter)).isOne();
    tell(epoch, one.owner(), 70);
    assertThat(redis.sync().zscore(ends, counter)).isGreaterThanOrEqualTo(due);
    redis.sync().zadd(ends, 1, counter);
    script(new Request.Hello(epoch, one.owner(), 1, true));

    assertThat(redis.sync().exists(counter)).isZero();
    assertThat(redis.sync().zcard(ends)).isZero();
    assertThat(grant(epoch, one.owner(), 100).calls()).containsExactly(-1);
  }

  /** All that was granted is spent. */
  private void tell(long epoch, long owner, long spent) {
    script(
        new Request.Move(
            epoch,
            owner,
            1,
            List.of(
                new Request.Entry(
                    key(0),
                    Limit.Unit.NANO_USD,
                    false,
                    spent,
                    spent,
                    100,
                    0,
                    0,
                    true,
                    0,
                    List.of())),
            List.of(),
            List.of()));
  }

  private Answer.Moved grant(long epoch, long owner, long need) {
    return (Answer.Moved)
        script(
            new Request.Move(
                epoch,
                owner,
                1,
                List.of(
                    new Request.Entry(
                        key(0), Limit.Unit.NANO_USD, true, 0, 0, 100, 0, 0, false, 0, List.of())),
                List.of(new Request.Call(new int[] {0}, new long[] {need}, new long[] {100})),
                List.of()));
  }
}

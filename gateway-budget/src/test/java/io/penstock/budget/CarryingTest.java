package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.budget.Request.Answer;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/**
 * A replica that became a new owner tells all that it holds before it does anything else, whatever
 * else the store is told meanwhile.
 */
class CarryingTest {
  private static final long LIMIT = 10;
  private static final int MOST = Settings.shared(Outage.SHARE).counters();

  private final MemoryStore store = new MemoryStore(10_000, 0, false);
  private final Slices slices = new Slices();
  private final Replica replica = new Replica(Settings.shared(Outage.SHARE), new Silent(), slices);
  private final Rule rule =
      new Rule(
          new Rule.Shape("each", -1, Limit.Unit.NANO_USD, List.of("user"), Window.Every.TOTAL),
          new Rule.Terms(LIMIT, List.of(), Over.DENY, false, ZoneOffset.UTC));
  private long now = 1_700_000_000_000L;

  private Counter counter(String user) {
    return slices.counter(rule, user, now, now);
  }

  /** Makes counters whose whole limit open calls hold. */
  private List<Counter> held(int count) {
    List<Counter> held = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Counter c = counter("u" + i);
      c.allowed = LIMIT;
      held.add(c);
    }
    return held;
  }

  /** Sends what is next and gives the answer back. */
  private void step() {
    Request request = Objects.requireNonNull(replica.next(now), "nothing to say");
    Answer answer = store.apply(request, now);
    now++;
    replica.answered(answer, now);
  }

  private void carry() {
    replica.connected(now);
    while (replica.phase() != Replica.Phase.CARRYING) {
      step();
    }
  }

  private long told(Counter c) {
    StoredCounter stored = store.counter(c.key.id());
    return stored == null ? 0 : stored.have(replica.owner());
  }

  private void linked(List<Counter> held) {
    while (replica.phase() != Replica.Phase.LINKED) {
      step();
    }
    assertThat(held.stream().filter(c -> told(c) != LIMIT).map(c -> c.key).limit(3)).isEmpty();
  }

  @Test
  void counterThatOthersCallBack_meanwhile_isNoneOfThoseCarried() {
    // As many as a move can tell, of which the new one takes a place.
    List<Counter> held = held(MOST);
    carry();

    replica.tightened(counter("late").key.id(), 1);

    linked(held);
  }

  @Test
  void countersThatAreIdle_meanwhile_areNoneOfThoseCarried() {
    List<Counter> held = held(3 * MOST);
    carry();
    step();
    for (int i = 0; i < 600; i++) {
      counter("late" + i);
    }

    // An outage, after which nothing has been heard of what was under way; and these are old.
    replica.next(now);
    replica.broken();
    now += 400_000;
    // One tick finds that it is time to look, the next looks.
    replica.tick(now);
    replica.tick(now);
    replica.connected(now);

    linked(held);
  }

  @Test
  void answersThatWereLost_areToldAgain_andCountedOnce() {
    List<Counter> held = held(2 * MOST + 1);
    carry();
    for (int i = 0; i < 4; i++) {
      Request lost = Objects.requireNonNull(replica.next(now));
      store.apply(lost, now);
      replica.broken();
      replica.connected(now);
      step();
    }

    linked(held);
  }

  /** Nobody waits for anything here. */
  private static final class Silent implements Effects {
    @Override
    public void ledgerWanted(long epoch) {}

    @Override
    public void totalsWanted(long owner) {}

    @Override
    public void closed(long owner) {}

    @Override
    public void crashed(long owner, List<Charge> totals) {}

    @Override
    public void alert(BudgetAlert alert) {}

    @Override
    public void complete(Call call, Verdict verdict) {}

    @Override
    public Verdict granted(Call call) {
      throw new AssertionError("nobody has called");
    }
  }
}

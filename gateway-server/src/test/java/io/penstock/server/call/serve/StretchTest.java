package io.penstock.server.call.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.budget.Ask;
import io.penstock.budget.BudgetListener;
import io.penstock.budget.Budgets;
import io.penstock.budget.CounterKey;
import io.penstock.budget.Limit;
import io.penstock.budget.Over;
import io.penstock.budget.Verdict;
import io.penstock.core.Ticker;
import io.penstock.core.rule.Facts;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;

/** When a stream asks for more, waits for it, goes on, and is cut. */
class StretchTest {
  private static final long HELD = 100;
  private static final long MOST = 1_000;
  private static final long BYTES_PER_TOKEN = 3;

  /** Where there is no budget nobody asks what a request is like. */
  private static final Facts NO_FACTS =
      (Facts)
          Proxy.newProxyInstance(
              Facts.class.getClassLoader(),
              new Class<?>[] {Facts.class},
              (proxy, method, arguments) -> {
                throw new UnsupportedOperationException(method.getName());
              });

  private final Books books = new Books();
  private final Told told = new Told();
  private final Stretch stretch = new Stretch(books, HELD, MOST, told);

  /** Money that answers when the test says so; each token costs 10. */
  private static final class Books implements Stretch.Money {
    private final List<Long> asked = new ArrayList<>();
    private CompletableFuture<Verdict> answer = new CompletableFuture<>();
    private long extended;
    private boolean settled;

    @Override
    public long bound(long outputTokens) {
      return 10 * outputTokens;
    }

    @Override
    public Verdict extend(long bound, long tokens) {
      asked.add(tokens);
      answer = new CompletableFuture<>();
      return new Verdict.Pending(answer);
    }

    @Override
    public void extended(long bound) {
      extended = bound;
    }

    @Override
    public boolean isSettled() {
      return settled;
    }

    @Override
    public Executor loop() {
      return Runnable::run;
    }
  }

  /** A stream that says what it was told. */
  private static final class Told implements Stretch.Stream {
    private long bytes;
    private boolean paused;
    private boolean cut;

    @Override
    public long relayedBytes() {
      return bytes;
    }

    @Override
    public void setPaused(boolean on) {
      paused = on;
    }

    @Override
    public void cutShort(Verdict why) {
      cut = true;
    }
  }

  private void send(long tokens) {
    // One less: the token that is being sent counts.
    told.bytes = (tokens - 1) * BYTES_PER_TOKEN;
    stretch.onContent();
  }

  private static Verdict granted() {
    try (Budgets none = Budgets.embedded(Ticker.system(), BudgetListener.NONE, List.of())) {
      return none.reserve(NO_FACTS, Ask.of(0, 0));
    }
  }

  @Test
  void belowFourFifths_asksNothing_then_asksForAsMuchAgain() {
    send(79);
    assertThat(books.asked).isEmpty();

    send(80);
    send(85);

    assertThat(books.asked).containsExactly(HELD);
    assertThat(told.paused).isFalse();
  }

  @Test
  void allSent_andNoAnswer_pauses_untilThereIsOne() {
    send(80);
    send(99);
    assertThat(told.paused).isFalse();

    send(100);
    assertThat(told.paused).isTrue();
    books.answer.complete(granted());

    assertThat(told.paused).isFalse();
    assertThat(books.extended).isEqualTo(10 * 2 * HELD);
    send(159);
    assertThat(books.asked).hasSize(1);
    send(160);
    assertThat(books.asked).containsExactly(HELD, 2 * HELD);
  }

  @Test
  void refusedWhilePaused_isCutAtOnce_andReadsOn() {
    send(80);
    send(100);
    books.answer.complete(new Verdict.Unavailable(0, "away"));

    assertThat(told.cut).isTrue();
    assertThat(told.paused).isFalse();
    assertThat(books.extended).isZero();
  }

  @Test
  void refused_isCutATenthBeforeTheEnd() {
    send(80);
    books.answer.complete(new Verdict.Unavailable(0, "away"));
    assertThat(told.cut).isFalse();

    send(89);
    assertThat(told.cut).isFalse();
    send(90);
    assertThat(told.cut).isTrue();
  }

  @Test
  void refused_whereFewerFit_asksForThose_ofMoneyAndOfTokens() {
    for (Limit limit : List.of(Limit.usd(10_000), Limit.tokens(1_000))) {
      Books few = new Books();
      Told reader = new Told();
      Stretch narrow = new Stretch(few, HELD, MOST, reader);
      reader.bytes = 79 * BYTES_PER_TOKEN;
      narrow.onContent();
      long spent = limit.amount() - limit.amount() / 1_000 * 40;
      few.answer.complete(
          new Verdict.Denied(
              CounterKey.of(new UUID(0, 1), "b", -1, "", 0, Long.MAX_VALUE),
              limit,
              limit.amount(),
              spent,
              0,
              limit.amount(),
              Over.DENY,
              false));

      assertThat(few.asked).as(limit.toString()).containsExactly(100L, 40L);
      assertThat(reader.cut).isFalse();
    }
  }

  @Test
  void answerAfterTheEnd_changesNothing() {
    send(80);
    send(100);
    books.settled = true;
    books.answer.complete(granted());

    assertThat(books.extended).isZero();
    assertThat(told.cut).isFalse();
  }

  @Test
  void longestAnswerHeld_asksNoMore() {
    send(80);
    for (int i = 0; i < 3; i++) {
      books.answer.complete(granted());
      send(10 * MOST / 8);
    }
    assertThat(books.asked).containsExactly(100L, 200L, 400L, 200L);
    books.answer.complete(granted());

    send(5 * MOST);

    assertThat(books.asked).hasSize(4);
    assertThat(told.paused).isFalse();
    assertThat(told.cut).isFalse();
  }
}

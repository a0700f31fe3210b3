package io.penstock.server.call.accounting;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.channel.DefaultEventLoop;
import io.penstock.budget.Ask;
import io.penstock.budget.BudgetListener;
import io.penstock.budget.BudgetPlan;
import io.penstock.budget.BudgetSpec;
import io.penstock.budget.BudgetState;
import io.penstock.budget.Budgets;
import io.penstock.budget.Limit;
import io.penstock.budget.Verdict;
import io.penstock.budget.Window;
import io.penstock.core.Ending;
import io.penstock.core.Endpoint;
import io.penstock.core.FailureKind;
import io.penstock.core.price.PriceBook;
import io.penstock.core.price.PricedModel;
import io.penstock.core.rule.Condition;
import io.penstock.ledger.Cause;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.UsageSource;
import io.penstock.ledger.Waste;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Failure;
import io.penstock.server.call.Call;
import io.penstock.server.call.NoLedger;
import io.penstock.server.call.Parts;
import io.penstock.server.call.attempt.AttemptOutcome;
import io.penstock.server.metrics.CallMetrics;
import io.penstock.server.targets.TargetRuntime;
import io.penstock.server.tokens.TokenCounter;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeTicker;
import java.io.IOException;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A hold is given back whatever fails between the end of an attempt and its row. */
class AccountTest {
  private static final long BOUND = 1_000;
  private static final long TOKENS = 10;

  private final FakeTicker ticker = FakeTicker.at("2026-11-21T12:00:00Z");
  private final DefaultEventLoop loop = new DefaultEventLoop();
  private final NoLedger ledger = new NoLedger();
  private final TokenCounter counter = new TokenCounter();
  private final Budgets budgets = Budgets.embedded(ticker, BudgetListener.NONE, List.of());
  private final Accounting books =
      new Accounting(ticker, counter, new CallMetrics(new SimpleMeterRegistry()));

  private final Call call =
      Parts.call(
          Parts.context(loop, ticker, ledger),
          Endpoint.CHAT,
          "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");

  @BeforeEach
  void limit() {
    budgets.reload(
        BudgetPlan.compile(
            List.of(
                BudgetSpec.of(
                    "all",
                    Condition.ALWAYS,
                    List.of(),
                    Limit.usd(10 * BOUND),
                    new Window(Window.Every.TOTAL, ZoneOffset.UTC))),
            List.of()));
  }

  @AfterEach
  void stop() {
    counter.close();
    budgets.close();
    loop.shutdownGracefully();
  }

  private BudgetState state() {
    return budgets.matching(call.facts()).getFirst();
  }

  private Account open() {
    return open(Parts.target(ticker));
  }

  private Account open(TargetRuntime target) {
    Verdict verdict = budgets.reserve(call.facts(), Ask.of(BOUND, TOKENS));
    assertThat(verdict).isInstanceOf(Verdict.Granted.class);
    assertThat(state().held()).isEqualTo(BOUND);
    return books.open(
        call,
        target,
        new LedgerRow.Attempt(call.id(), 1, Cause.REQUEST),
        "",
        new WorstCase(BOUND, TOKENS, TOKENS),
        ((Verdict.Granted) verdict).reservation());
  }

  /** A stream that was cut, of which nothing was reported. */
  private static AttemptOutcome cut(AnswerSummary summary, CharSequence relayed) {
    return new AttemptOutcome(
        true, 200, Failure.of(FailureKind.CUT, "cut"), true, summary, relayed, false, -1);
  }

  private void awaitWorstCase() {
    Await.until("nothing is held", () -> state().held() == 0);
    assertThat(state().spent()).isEqualTo(BOUND);
    assertThat(ledger.rows).isEmpty();
  }

  @Test
  void settle_estimateFails_chargesTheWorstCase_andHoldsNothing() throws IOException {
    JsonNode beyondAllMoney =
        new ObjectMapper()
            .readTree(
                """
                {"models":[{"provider":"openai","id":"gpt-4o-mini","cards":[{"when":{},
                  "rates":{"input":"100000000000000000000","output":"1"}}]}]}
                """);
    PriceBook book =
        PriceBook.of(
            PriceBook.bundled(), List.of(beyondAllMoney), List.of(), PriceBook.Unknown.DENY);
    PricedModel price = book.price("openai", "gpt-4o-mini", "fake/m", "");
    open(Parts.target(ticker, price))
        .settle(cut(AnswerSummary.NONE, "words"), Ending.COMPLETED, Waste.NONE);
    awaitWorstCase();
  }

  @Test
  void settle_cannotTellWhatItUsed_chargesTheWorstCase_once() {
    Account account = open();
    account.settle(cut(AnswerSummary.NONE, new Illegible(true)), Ending.COMPLETED, Waste.NONE);
    awaitWorstCase();
    account.broken(null, new IllegalStateException("defect"));
    assertThat(state().spent()).isEqualTo(BOUND);
  }

  @Test
  void settle_textCannotBeCounted_isEstimatedByItsLength() {
    open().settle(cut(AnswerSummary.NONE, new Illegible(false)), Ending.COMPLETED, Waste.NONE);
    Await.until("it is recorded", () -> !ledger.rows.isEmpty());
    LedgerRow row = ledger.rows.element();
    assertThat(row.usageSource()).isEqualTo(UsageSource.ESTIMATED);
    assertThat(row.usage().outputTokens()).isEqualTo(2);
    assertThat(state().held()).isZero();
  }

  @Test
  void broken_beforeAnythingWasSent_costsNothing() {
    open().broken(null, new IllegalStateException("defect"));
    LedgerRow row = ledger.rows.element();
    assertThat(row.usageSource()).isEqualTo(UsageSource.NONE);
    assertThat(state().held()).isZero();
    assertThat(state().spent()).isZero();
  }

  /** Text of four characters that nobody can read, and perhaps not even measure. */
  private record Illegible(boolean measureless) implements CharSequence {
    @Override
    public int length() {
      if (measureless) {
        throw new IllegalStateException("a defect");
      }
      return 4;
    }

    @Override
    public char charAt(int index) {
      throw new IllegalStateException("a defect");
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      throw new IllegalStateException("a defect");
    }

    @Override
    public String toString() {
      throw new IllegalStateException("a defect");
    }
  }
}

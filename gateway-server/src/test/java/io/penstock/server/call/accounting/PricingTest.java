package io.penstock.server.call.accounting;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.penstock.core.price.Meter;
import io.penstock.core.price.PriceBook;
import io.penstock.core.price.Usage;
import io.penstock.ledger.Cause;
import io.penstock.ledger.Intent;
import io.penstock.ledger.LedgerRow;
import io.penstock.server.call.Parts;
import io.penstock.server.metrics.CallMetrics;
import io.penstock.server.targets.TargetRuntime;
import io.penstock.testkit.FakeTicker;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What an attempt is booked at: an estimate stays within its bound, what was told does not. */
class PricingTest {
  /** USD for a million input tokens of {@code gpt-4o-mini}: so many nano-USD for each. */
  private static final long INPUT = 150;

  private final FakeTicker ticker = FakeTicker.at("2026-11-21T12:00:00Z");
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final Pricing pricing = new Pricing(new CallMetrics(registry));
  private final TargetRuntime target = target(0);

  private TargetRuntime target(int discount) {
    List<PriceBook.Discount> discounts =
        discount == 0
            ? List.of()
            : List.of(new PriceBook.Discount(Pattern.compile("fake/.*"), discount));
    PriceBook book =
        PriceBook.of(PriceBook.bundled(), List.of(), discounts, PriceBook.Unknown.DENY);
    return Parts.target(ticker, book.price("openai", "gpt-4o-mini", "fake/m", ""));
  }

  private Intent intent(long bound) {
    return new Intent(
        new LedgerRow.Attempt(new UUID(1, 2), 1, Cause.REQUEST),
        ticker.epochMillis(),
        new LedgerRow.Caller("t", "", "", "", "k", "", Map.of()),
        new LedgerRow.Destination("chat", "m", "", "", "fake", "m"),
        bound,
        "v",
        List.of());
  }

  private static Usage input(long tokens) {
    return Usage.builder().set(Meter.INPUT, tokens).build();
  }

  @Test
  void money_told_isThat_beyondItsBoundToo() {
    LedgerRow.Money money = pricing.money(target, input(10), intent(INPUT), null);
    assertThat(money.cost()).isEqualTo(10 * INPUT);
    assertThat(money.list()).isEqualTo(10 * INPUT);
    assertThat(money.priceVersion()).isEqualTo("v");
  }

  @Test
  void money_estimatedBeyondItsBound_isTheBound() {
    LedgerRow.Money money = pricing.money(target, input(10), intent(4 * INPUT), Usage.NONE);
    assertThat(money.cost()).isEqualTo(4 * INPUT);
  }

  @Test
  void money_estimatedBeyondItsBound_isWhatWasToldIfThatIsMore() {
    LedgerRow.Money money = pricing.money(target, input(10), intent(4 * INPUT), input(7));
    assertThat(money.cost()).isEqualTo(7 * INPUT);
  }

  @Test
  void money_estimateIsCut_keepsItsDiscount() {
    LedgerRow.Money money =
        pricing.money(target(5_000), input(100), intent(20 * INPUT), Usage.NONE);
    assertThat(money.cost()).isEqualTo(20 * INPUT);
    assertThat(money.list()).isEqualTo(40 * INPUT);
  }

  @Test
  void beyondBound_onlyWhatIsMore_isMeasured() {
    pricing.beyondBound(target, intent(10), 10);
    assertThat(registry.find("penstock.bound.exceeded.usd").counter()).isNull();
    pricing.beyondBound(target, intent(10), 1_000_000_010);
    assertThat(registry.get("penstock.bound.exceeded.usd").counter().count()).isEqualTo(1.0);
  }
}

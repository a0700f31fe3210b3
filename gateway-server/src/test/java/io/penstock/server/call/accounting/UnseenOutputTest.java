package io.penstock.server.call.accounting;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.DefaultEventLoop;
import io.penstock.core.Endpoint;
import io.penstock.core.body.RequestBody;
import io.penstock.core.price.Meter;
import io.penstock.core.price.PriceBook;
import io.penstock.core.price.Usage;
import io.penstock.server.call.Asked;
import io.penstock.server.call.Call;
import io.penstock.server.call.NoLedger;
import io.penstock.server.call.Parts;
import io.penstock.server.targets.TargetRuntime;
import io.penstock.testkit.FakeTicker;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is booked for output that nobody saw: learned, and without that the most that it may be. */
class UnseenOutputTest {
  private static final long HELD = 4_000;

  private final FakeTicker ticker = FakeTicker.at("2026-11-21T12:00:00Z");
  private final DefaultEventLoop loop = new DefaultEventLoop();
  private final UnseenOutput unseen = new UnseenOutput();
  private final TargetRuntime plain = target("gpt-4o-mini");
  private final TargetRuntime thinker = target("gpt-5");

  @AfterEach
  void stop() {
    loop.shutdownGracefully();
  }

  private TargetRuntime target(String model) {
    PriceBook book =
        PriceBook.of(PriceBook.bundled(), List.of(), List.of(), PriceBook.Unknown.DENY);
    return Parts.target(ticker, book.price("openai", model, "fake/m", ""));
  }

  private Call call(int answers) {
    String json = "{\"model\":\"m\",\"messages\":[],\"n\":" + answers + "}";
    Call call = Parts.call(Parts.context(loop, ticker, new NoLedger()), Endpoint.CHAT, json);
    RequestBody body = RequestBody.parse(json.getBytes(StandardCharsets.UTF_8));
    call.asked(new Asked(body, "m", true));
    return call;
  }

  private static Usage thought(long tokens, long said) {
    return Usage.builder().set(Meter.OUTPUT_REASONING, tokens).set(Meter.OUTPUT, said).build();
  }

  @Test
  void thought_nothingLearned_isAGuessForWhatThinksInSilenceOnly() {
    assertThat(unseen.thought(thinker)).isEqualTo(2_048);
    assertThat(unseen.thought(plain)).isZero();
  }

  @Test
  void thought_learned_isWhatAnswersDidNotPass() {
    unseen.learnThought(thinker, thought(7, 100), 100);
    assertThat(unseen.thought(thinker)).isEqualTo(7);
  }

  @Test
  void thought_shownWithTheAnswer_isNotInSilence() {
    unseen.learnThought(thinker, thought(50, 50), 200);
    // None, as it is kept: rounded up.
    assertThat(unseen.thought(thinker)).isOne();
  }

  @Test
  void unread_nothingLearned_isAllThatIsHeld() {
    assertThat(unseen.unread(call(1), plain, HELD, false)).isEqualTo(HELD);
    assertThat(unseen.unread(call(1), plain, HELD, true)).isEqualTo(HELD);
  }

  @Test
  void unread_learned_isForEachAnswer_andNoMoreThanHeld() {
    unseen.learnWhole(call(2), plain, 20);
    assertThat(unseen.unread(call(1), plain, HELD, false)).isEqualTo(10);
    assertThat(unseen.unread(call(3), plain, HELD, false)).isEqualTo(30);
    assertThat(unseen.unread(call(3), plain, 25, false)).isEqualTo(25);
  }

  @Test
  void unread_beaten_isThatOfOtherTargets_untilItsOwnIsKnown() {
    TargetRuntime other = named("other/m");
    unseen.learnWhole(call(1), other, 10);
    assertThat(unseen.unread(call(1), plain, HELD, false)).isEqualTo(HELD);
    assertThat(unseen.unread(call(1), plain, HELD, true)).isEqualTo(10);
    unseen.learnWhole(call(1), plain, 3);
    assertThat(unseen.unread(call(1), plain, HELD, true)).isEqualTo(3);
  }

  private TargetRuntime named(String label) {
    TargetRuntime like = plain;
    return new TargetRuntime(
        label,
        like.provider(),
        like.target(),
        like.price(),
        like.set(),
        like.defaults(),
        false,
        like.shownModel());
  }
}

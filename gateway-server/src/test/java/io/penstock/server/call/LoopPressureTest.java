package io.penstock.server.call;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.FakeTicker;
import java.time.Duration;
import java.util.ArrayDeque;
import org.junit.jupiter.api.Test;

/** When a loop refuses, by scripted turns. */
class LoopPressureTest {
  private final FakeTicker ticker = FakeTicker.at("2026-11-21T12:00:00Z");
  private final ArrayDeque<Runnable> atEnd = new ArrayDeque<>();
  private final LoopPressure pressure = new LoopPressure(ticker, atEnd::add);

  /** Runs a turn in which that many requests arrive; returns how many were refused. */
  private int turn(int requests, Duration length) {
    int refused = 0;
    for (int i = 0; i < requests; i++) {
      if (!pressure.admits()) {
        refused++;
      }
      ticker.advance(length.dividedBy(requests));
    }
    over();
    return refused;
  }

  private void over() {
    assertThat(atEnd).as("one task ends a turn").hasSize(1);
    atEnd.remove().run();
  }

  private int turn(int requests, int millis) {
    return turn(requests, Duration.ofMillis(millis));
  }

  @Test
  void turns_grow_shedsWhatComesLate() {
    assertThat(turn(100, 20)).isZero();
    assertThat(turn(200, 60)).isZero();
    assertThat(turn(400, 120)).as("after 50 of 120 ms").isEqualTo(233);
    assertThat(turn(600, 180)).as("all but a few").isEqualTo(600 - LoopPressure.SHED_CROWD);
  }

  @Test
  void turns_grow_byWhatWasTakenInBefore_shedsFromTheNextOn() {
    assertThat(turn(200, 60)).isZero();
    pressure.admits();
    for (int i = 1; i < 200; i++) {
      pressure.admits();
    }
    ticker.advance(Duration.ofMillis(90)); // answers, of which none asks
    over();
    assertThat(turn(600, 60)).isPositive();
  }

  @Test
  void turns_grow_manyBeginWhatTheirTurnHasYetToDo_shedsWhatIsBeyond() {
    assertThat(turn(150, 6)).isZero();
    assertThat(turn(450, 24)).isZero();
    assertThat(turn(800, 40)).as("after 25 ms of 40").isEqualTo(800 - LoopPressure.MANY);
  }

  @Test
  void turns_ofMany_thatFall_areBursts() {
    assertThat(turn(950, 90)).isZero();
    assertThat(turn(750, 70)).isZero();
    assertThat(turn(590, 55)).isZero();
    assertThat(turn(450, 40)).isZero();
  }

  @Test
  void turns_growButAreDoneInTime_shedNothing() {
    for (int i = 1; i <= 10; i++) {
      assertThat(turn(120 * i, i)).isZero();
    }
  }

  @Test
  void pause_inATurnWithACrowd_thenWhatWaited_shedsNothing() {
    assertThat(turn(120, 10)).isZero();
    for (int i = 0; i < 110; i++) {
      pressure.admits();
    }
    ticker.advance(Duration.ofMillis(80)); // the collector
    over();
    assertThat(turn(540, 54)).as("what came during it").isZero();
    assertThat(turn(420, 42)).isZero();
  }

  @Test
  void burst_atOnce_shedsNothing() {
    assertThat(turn(150, 10)).isZero();
    assertThat(turn(850, 80)).isZero();
  }

  @Test
  void shedding_turnsTooLong_takesInLessUntilTheyAreNot() {
    turn(200, 60);
    turn(200, 60);
    int refusals = 0;
    // Each request that is taken in costs 40 us, each that is refused 10; 50 a turn.
    for (int i = 0; i < 60; i++) {
      long began = ticker.nanoTime();
      refusals = 0;
      for (int k = 0; k < 50; k++) {
        boolean admitted = pressure.admits();
        refusals += admitted ? 0 : 1;
        ticker.advance(Duration.ofNanos(admitted ? 40_000 : 10_000));
      }
      over();
      if (i > 50) {
        assertThat(ticker.nanoTime() - began).isBetween(930_000L, 1_070_000L);
      }
    }
    assertThat(50 - refusals).as("what 0.5 ms of 1 are enough for").isBetween(14, 19);
  }

  @Test
  void pause_long_thenWhatWaited_shedsNothing() {
    turn(10, 5);
    pressure.admits();
    ticker.advance(Duration.ofMillis(400));
    assertThat(turn(200, 40)).as("what came during it").isZero();
    assertThat(turn(490, 220)).isZero();
    assertThat(turn(300, 110)).isZero();
    assertThat(turn(200, 55)).isZero();
    assertThat(turn(100, 25)).isZero();
  }

  @Test
  void flood_inOneTurn_shedsWhatIsBeyond() {
    turn(10, 5);
    assertThat(turn(4000, 400)).isEqualTo(4000 - LoopPressure.FLOOD);
  }

  @Test
  void flood_thatIsDoneInTime_isNone() {
    turn(10, 5);
    assertThat(turn(4000, 49)).isZero();
  }

  @Test
  void turns_longButFewRequests_isNoCrowd() {
    for (int i = 1; i < 20; i++) {
      assertThat(turn(LoopPressure.CROWD, 100 * i)).isZero();
    }
  }

  @Test
  void turns_longWithNothingBetween_areBursts() {
    for (int i = 1; i < 10; i++) {
      assertThat(turn(200, 100 * i)).isZero();
      ticker.advance(Duration.ofMillis(500));
    }
  }

  @Test
  void turns_nearlyAsLong_shed_shorterByAFifth_doNot() {
    assertThat(turn(400, 300)).isZero();
    ticker.advance(Duration.ofMillis(400)); // connections to the provider are opened
    assertThat(turn(400, 240)).isZero();
    assertThat(turn(400, 190)).isZero();
    assertThat(turn(400, 170)).isPositive();
  }

  @Test
  void shedding_lessToDo_refusesNothingAtOnce() {
    turn(200, 60);
    assertThat(turn(600, 180)).isPositive();
    for (int i = 0; i < 6; i++) {
      assertThat(turn(LoopPressure.SHED_CROWD, Duration.ofNanos(200_000))).isZero();
    }
    assertThat(turn(100, Duration.ofNanos(900_000))).isZero();
  }

  @Test
  void shedding_aQuarterOfASecondWithoutRefusals_aBurstIsABurstAgain() {
    turn(200, 60);
    assertThat(turn(600, 180)).isPositive();
    ticker.advance(Duration.ofMillis(900));
    assertThat(turn(600, 180)).as("it refused when it was last asked").isPositive();
    ticker.advance(Duration.ofMillis(250));
    turn(LoopPressure.SHED_CROWD, 1);
    ticker.advance(Duration.ofMillis(250));
    assertThat(turn(600, 180)).isZero();
  }

  @Test
  void shedding_oneInTenRefused_isCalm() {
    turn(200, 60);
    turn(600, 180);
    ticker.advance(Duration.ofMillis(250));
    int refused = 0;
    int asked = 0;
    for (int i = 0; i < 229; i++) {
      // Half of what it can: 4 requests a millisecond. Three times another thread had the CPU.
      boolean late = i % 100 == 0;
      refused += late ? turn(32, 8) : turn(4, Duration.ofNanos(400_000));
      asked += late ? 32 : 4;
      ticker.advance(Duration.ofNanos(late ? 0 : 600_000));
    }
    assertThat(refused).isBetween(1, asked / 10);
    ticker.advance(Duration.ofMillis(10));
    assertThat(turn(600, 180)).isZero();
  }

  @Test
  void shedding_refusalsInShortTurns_areNoCalm() {
    turn(200, 60);
    turn(600, 180);
    for (int i = 0; i < 30; i++) {
      assertThat(turn(600, 40)).as("turn %d", i).isPositive();
    }
  }

  @Test
  void work_beforeTheRequests_isPartOfTheTurn() {
    turn(200, 60);
    pressure.work();
    ticker.advance(Duration.ofMillis(70));
    pressure.work();
    assertThat(turn(100, 1)).as("all but a crowd").isEqualTo(100 - LoopPressure.CROWD);
  }
}

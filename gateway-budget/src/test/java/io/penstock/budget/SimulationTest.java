package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** 10,000 seeded histories; {@code -Dbudget.histories=N} runs more, {@link SimulationMain} many. */
class SimulationTest {
  private static final long HISTORIES = Long.getLong("budget.histories", 10_000);

  @ParameterizedTest
  @EnumSource
  void histories_everyMode_keepAllInvariants(Simulation.Mode mode) {
    long most = HISTORIES / Simulation.Mode.values().length;

    long calls = LongStream.range(0, most).parallel().map(seed -> calls(seed, mode)).sum();

    assertThat(calls).isGreaterThan(most * 20);
  }

  private static long calls(long seed, Simulation.Mode mode) {
    Simulation sim = new Simulation(seed, mode, Simulation.Bug.NONE);
    sim.run();
    return (long) sim.granted + sim.denied;
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "NONE")
  void histories_brokenAlgorithm_isCaught(Simulation.Bug bug) {
    Simulation.Mode mode =
        bug == Simulation.Bug.NO_RECALL ? Simulation.Mode.CALM : Simulation.Mode.LOSS;

    boolean caught =
        LongStream.range(0, 2_000).anyMatch(seed -> violates(new Simulation(seed, mode, bug)));

    assertThat(caught).isTrue();
  }

  private static boolean violates(Simulation sim) {
    try {
      sim.run();
      return false;
    } catch (AssertionError expected) {
      return true;
    }
  }

  @Test
  void history_sameSeed_isTheSame() {
    Simulation one = new Simulation(7, Simulation.Mode.LOSS, Simulation.Bug.NONE);
    Simulation two = new Simulation(7, Simulation.Mode.LOSS, Simulation.Bug.NONE);
    one.run();
    two.run();

    assertThat(two.granted).isEqualTo(one.granted);
    assertThat(two.denied).isEqualTo(one.denied);
    assertThat(two.spent).isEqualTo(one.spent);
  }
}

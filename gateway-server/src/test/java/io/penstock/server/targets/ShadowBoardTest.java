package io.penstock.server.targets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How sure a shadow's comparisons are. */
class ShadowBoardTest {
  private static final long USD = 1_000_000_000;

  private static Map<String, ?> report(double... similarities) {
    ShadowBoard board = new ShadowBoard();
    for (double similarity : similarities) {
      board.compared(
          "r",
          "p/m",
          new ShadowBoard.Compared(
              Math.round(10 * similarity * USD), 0, true, true, 1, similarity));
    }
    return board.report().getFirst();
  }

  @Test
  void oneComparison_hasNoInterval() {
    Map<String, ?> one = report(0.5);

    assertThat(one.get("similarity")).isEqualTo(0.5);
    assertThat(one.keySet()).contains("similarity_95", "saved_per_request_usd_95");
    assertThat(one.get("similarity_95")).isNull();
    assertThat(one.get("saved_per_request_usd_95")).isNull();
  }

  /** The mean is 4 USD and its standard error 2; of so few, 12.7 of those lie to each side. */
  @Test
  void twoComparisons_tellLittle() {
    Map<String, ?> two = report(0.2, 0.6);

    assertThat(two.get("saved_per_request_usd_95")).isEqualTo(List.of("-21.412", "29.412"));
  }

  @ParameterizedTest
  @CsvSource({"1, 12.706", "15, 2.131", "16, 2.120", "30, 2.042", "100, 1.984", "1000000, 1.960"})
  void student_isAsTablesHaveIt(long freedom, double expected) {
    assertThat(ShadowBoard.student95(freedom)).isCloseTo(expected, within(0.001));
  }
}

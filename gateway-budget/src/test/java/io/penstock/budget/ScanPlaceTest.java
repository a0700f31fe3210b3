package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lettuce.core.ValueScanCursor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ScanPlaceTest {
  private static ValueScanCursor<String> step(String next, String... members) {
    ValueScanCursor<String> step = new ValueScanCursor<>();
    step.setCursor(next);
    step.setFinished(next.equals("0"));
    step.getValues().addAll(List.of(members));
    return step;
  }

  @Test
  void part_ofAStepThatGivesMoreThanAPage_goesOnBehindTheLast() {
    List<String> told = new ArrayList<>();
    String cursor = "";
    int pages = 0;
    do {
      ScanPlace.Part part = ScanPlace.of(cursor).part(step("0", "c", "a", "e", "b", "d"), 2);
      assertThat(part.ids()).hasSizeLessThanOrEqualTo(2);
      told.addAll(part.ids());
      cursor = part.next();
      pages++;
    } while (!cursor.isEmpty());

    assertThat(told).containsExactly("a", "b", "c", "d", "e");
    assertThat(pages).isEqualTo(3);
  }

  @Test
  void part_whatGoesMeanwhile_movesNoOther() {
    ScanPlace.Part first = ScanPlace.of("").part(step("7", "a", "b", "c"), 2);

    assertThat(ScanPlace.of(first.next()).part(step("7", "b", "c"), 2).ids()).containsExactly("c");
    assertThat(ScanPlace.of(first.next()).part(step("7", "b", "c"), 2).next()).isEqualTo("7");
  }

  @Test
  void of_whatNoPageGave_isRefused() {
    assertThatThrownBy(() -> ScanPlace.of("x:1"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cursor");
  }
}

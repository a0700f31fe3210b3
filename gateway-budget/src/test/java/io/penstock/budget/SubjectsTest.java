package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Whom counters count. */
final class SubjectsTest {
  /** Two values must not look like two others. */
  @Test
  void subjects_ofValuesWithSlashes_areNeverThoseOfOthers() {
    List<String> per = List.of("team", "user");
    Set<String> subjects = new HashSet<>();
    String[] values = {"x", "x /", "/ y", "y", "x / y", "x // y", "/", "//", "a/b", "x/", "/x"};
    for (String team : values) {
      for (String user : values) {
        subjects.add(Subjects.of(per, new TestFacts().with("team", team).with("user", user)));
      }
    }
    assertThat(subjects).hasSize(values.length * values.length);
  }
}

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

  @Test
  void key_ofTokens_isTheirIssuerTeamAndUser_andNeverThatOfOthers() {
    List<String> per = List.of("key");
    Set<String> subjects = new HashSet<>();
    String[] values = {"", "x", "x /", "/ y", "x / y", "x // y", "/", "a/b"};
    for (String team : values) {
      for (String user : values) {
        TestFacts facts = new TestFacts().with("key", "jwt:https://id").with("team", team);
        subjects.add(Subjects.of(per, facts.with("user", user)));
      }
    }
    assertThat(subjects).hasSize(values.length * values.length);
    assertThat(subjects).contains("jwt:https://id / x / (none)");
    assertThat(Subjects.of(per, new TestFacts().with("key", "k").with("user", "x"))).isEqualTo("k");
  }
}

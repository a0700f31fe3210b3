package io.penstock.server.config.load;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Collects problems and warnings. Confined to one load. */
final class Problems {
  private final List<Problem> errors = new ArrayList<>();
  private final List<Problem> warnings = new ArrayList<>();
  private final List<String> fileOrder = new ArrayList<>();

  /** Says that a file is read: problems come in this order. */
  void inFile(String file) {
    fileOrder.add(file);
  }

  void error(Node.Mark mark, Where where, String value, String expected, @Nullable String near) {
    errors.add(problem(mark, where, value, expected, near));
  }

  void error(Node.Mark mark, Where where, String value, String expected) {
    error(mark, where, value, expected, null);
  }

  void warning(Node.Mark mark, Where where, String value, String expected) {
    warnings.add(problem(mark, where, value, expected, null));
  }

  private Problem problem(
      Node.Mark mark, Where where, String value, String expected, @Nullable String near) {
    return new Problem(
        mark.file(),
        mark.line(),
        mark.column(),
        Shown.of(where.toString()),
        Shown.of(value),
        expected,
        near);
  }

  boolean hasErrors() {
    return !errors.isEmpty();
  }

  List<Problem> errors() {
    return sorted(errors);
  }

  List<Problem> warnings() {
    return sorted(warnings);
  }

  private List<Problem> sorted(List<Problem> problems) {
    return problems.stream()
        .sorted(
            Comparator.<Problem>comparingInt(problem -> fileOrder.indexOf(problem.file()))
                .thenComparingInt(Problem::line)
                .thenComparingInt(Problem::column))
        .toList();
  }
}

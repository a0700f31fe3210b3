package io.penstock.core.rule;

import com.google.errorprone.annotations.concurrent.LazyInit;
import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * A condition that CEL itself evaluates. The program is planned at the first evaluation: of
 * thousands of conditions most are never asked. Planning twice in a race is harmless.
 */
final class CelCondition implements Condition {
  private final String text;
  private final Set<String> variables;
  private final Set<String> budgets;
  private final CelAbstractSyntaxTree checked;
  private final CelRuntime runtime;
  private final LongAdder failures;
  @LazyInit private CelRuntime.@Nullable Program program;

  CelCondition(
      Rewriter read,
      CelAbstractSyntaxTree checked,
      String text,
      CelRuntime runtime,
      LongAdder failures) {
    this.text = text;
    this.variables = read.variables();
    this.budgets = read.budgets();
    this.checked = checked;
    this.runtime = runtime;
    this.failures = failures;
  }

  @Override
  public boolean test(Facts facts) {
    try {
      CelRuntime.Program planned = program;
      if (planned == null) {
        planned = runtime.createProgram(checked);
        program = planned;
      }
      return Boolean.TRUE.equals(planned.eval(name -> Variables.find(name, facts)));
    } catch (CelEvaluationException | IllegalStateException e) {

      failures.increment();
      return false;
    }
  }

  @Override
  public String text() {
    return text;
  }

  @Override
  public Set<String> variables() {
    return variables;
  }

  @Override
  public Set<String> budgets() {
    return budgets;
  }

  @Override
  public String toString() {
    return text;
  }
}

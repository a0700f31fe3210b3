package io.penstock.core.rule;

import com.google.errorprone.annotations.concurrent.LazyInit;
import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * A condition that CEL itself evaluates. The program is planned at the first evaluation: of
 * thousands of conditions most are never asked. Planning twice in a race is harmless.
 */
final class CelCondition extends CompiledCondition {
  private final CelAbstractSyntaxTree checked;
  private final CelRuntime runtime;
  private final LongAdder failures;
  @LazyInit private CelRuntime.@Nullable Program program;

  CelCondition(
      String text,
      Rewriter read,
      List<Part> parts,
      CelAbstractSyntaxTree checked,
      CelRuntime runtime,
      LongAdder failures) {
    super(text, read, Clue.of(checked.getExpr()), parts);
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
}

package io.penstock.core.rule;

import com.google.errorprone.annotations.concurrent.LazyInit;
import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.ast.CelExpr;
import dev.cel.common.ast.CelExpr.CelComprehension;
import dev.cel.common.ast.CelExpr.ExprKind.Kind;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the parts of a type-checked condition that the request alone decides: of {@code
 * metadata.quality == "draft" || response.json} the first side. Each is as large as it can be, so
 * that a condition gives away whether it holds, and not the values that it compares.
 */
final class RequestParts {
  /** Known only when a target is tried, and the same for all requests that one is tried for. */
  private static final Set<String> OF_TARGET = Set.of("target", "provider", "region", "cost");

  private final CelAbstractSyntaxTree checked;
  private final CelRuntime runtime;
  private final List<Condition.Part> parts = new ArrayList<>();

  private RequestParts(CelAbstractSyntaxTree checked, CelRuntime runtime) {
    this.checked = checked;
    this.runtime = runtime;
  }

  static List<Condition.Part> of(CelAbstractSyntaxTree checked, CelRuntime runtime) {
    RequestParts found = new RequestParts(checked, runtime);
    found.collect(checked.getExpr(), Set.of());
    return List.copyOf(found.parts);
  }

  private void collect(CelExpr expr, Set<String> bound) {
    Reads reads = new Reads(bound);
    reads.read(expr, bound);
    if (reads.variables.isEmpty()) {
      return;
    }
    if (reads.isClosed()) {
      parts.add(new Evaluated(Set.copyOf(reads.variables), subtree(expr), runtime));
      return;
    }
    each(expr, bound, this::collect);
  }

  private CelAbstractSyntaxTree subtree(CelExpr expr) {
    return CelAbstractSyntaxTree.newCheckedAst(
        expr, checked.getSource(), checked.getReferenceMap(), checked.getTypeMap());
  }

  private interface Visitor {
    void visit(CelExpr expr, Set<String> bound);
  }

  private static void each(CelExpr expr, Set<String> bound, Visitor visitor) {
    switch (expr.getKind()) {
      case SELECT -> visitor.visit(expr.select().operand(), bound);
      case CALL -> {
        expr.call().target().ifPresent(target -> visitor.visit(target, bound));
        expr.call().args().forEach(arg -> visitor.visit(arg, bound));
      }
      case LIST -> expr.list().elements().forEach(element -> visitor.visit(element, bound));
      case MAP ->
          expr.map()
              .entries()
              .forEach(entry -> {
                visitor.visit(entry.key(), bound);
                visitor.visit(entry.value(), bound);
              });
      case STRUCT -> expr.struct().entries().forEach(entry -> visitor.visit(entry.value(), bound));
      case COMPREHENSION -> loop(expr.comprehension(), bound, visitor);
      case IDENT, CONSTANT, NOT_SET -> {}
    }
  }

  private static void loop(CelComprehension loop, Set<String> bound, Visitor visitor) {
    visitor.visit(loop.iterRange(), bound);
    visitor.visit(loop.accuInit(), bound);
    Set<String> inside = new HashSet<>(bound);
    inside.addAll(List.of(loop.iterVar(), loop.iterVar2(), loop.accuVar()));
    visitor.visit(loop.loopCondition(), inside);
    visitor.visit(loop.loopStep(), inside);
    visitor.visit(loop.result(), inside);
  }

  /** What an expression reads. */
  private static final class Reads {
    private final Set<String> variables = new HashSet<>();
    private final Set<String> around;
    private boolean closed = true;

    /** Creates one of an expression inside loops that bind these names. */
    Reads(Set<String> around) {
      this.around = around;
    }

    /** Returns whether the request alone gives it a value. */
    boolean isClosed() {
      return closed;
    }

    void read(CelExpr expr, Set<String> bound) {
      if (expr.getKind() == Kind.IDENT) {
        ident(expr.ident().name(), bound);
      } else if (expr.getKind() == Kind.CALL) {
        switch (expr.call().function()) {
          case Rewriter.METADATA -> variables.add("metadata");
          case Rewriter.HEADERS -> variables.add("headers");
          case Rewriter.BUDGET -> variables.add("budget");
          default -> {}
        }
      }
      each(expr, bound, this::read);
    }

    private void ident(String name, Set<String> bound) {
      if (bound.contains(name)) {
        closed &= !around.contains(name);
      } else if (Variables.ofRequest(name) && !OF_TARGET.contains(name)) {
        variables.add(name);
      } else {
        closed &= name.equals(Rewriter.FACTS);
      }
    }
  }

  /** A part as CEL evaluates it; planned when it is first asked for. */
  private static final class Evaluated implements Condition.Part {
    private static final String FAILED = "!";

    private final Set<String> variables;
    private final CelAbstractSyntaxTree tree;
    private final CelRuntime runtime;
    @LazyInit private CelRuntime.@Nullable Program program;

    Evaluated(Set<String> variables, CelAbstractSyntaxTree tree, CelRuntime runtime) {
      this.variables = variables;
      this.tree = tree;
      this.runtime = runtime;
    }

    @Override
    public Set<String> variables() {
      return variables;
    }

    @Override
    public String of(Facts facts) {
      try {
        CelRuntime.Program planned = program;
        if (planned == null) {
          planned = runtime.createProgram(tree);
          program = planned;
        }
        return text(planned.eval(name -> Variables.find(name, facts)));
      } catch (CelEvaluationException | IllegalStateException e) {
        // Not the same as false: its negation does not hold either.
        return FAILED;
      }
    }

    /** Begins with its length, so that no text runs into the next one. */
    private static String text(Object value) {
      if (value instanceof Boolean holds) {
        return holds ? "1" : "0";
      }
      String text = String.valueOf(value);
      return text.length() + ":" + text;
    }
  }
}

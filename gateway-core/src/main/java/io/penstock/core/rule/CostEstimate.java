package io.penstock.core.rule;

import dev.cel.common.ast.CelExpr;
import dev.cel.common.ast.CelExpr.CelComprehension;
import dev.cel.common.ast.CelExpr.ExprKind.Kind;

/**
 * The worst number of steps that a condition can take: 1 per node, a loop as often as its range may
 * be long. Texts are not loops: searching them is linear in CEL's functions.
 */
final class CostEstimate {
  /** Conditions beyond this are refused at load, and stopped when they run. */
  static final int LIMIT = 10_000;

  /** The longest map a request can bring: headers; metadata has at most 20 entries. */
  private static final long LONGEST_MAP = 100;

  private CostEstimate() {}

  static long of(CelExpr expr) {
    return switch (expr.getKind()) {
      case SELECT -> 1 + of(expr.select().operand());
      case CALL ->
          1
              + expr.call().target().map(CostEstimate::of).orElse(0L)
              + expr.call().args().stream().mapToLong(CostEstimate::of).sum();
      case LIST -> 1 + expr.list().elements().stream().mapToLong(CostEstimate::of).sum();
      case MAP ->
          1 + expr.map().entries().stream().mapToLong(e -> of(e.key()) + of(e.value())).sum();
      case STRUCT -> 1 + expr.struct().entries().stream().mapToLong(e -> of(e.value())).sum();
      case COMPREHENSION -> loop(expr.comprehension());
      case CONSTANT, IDENT, NOT_SET -> 1;
    };
  }

  private static long loop(CelComprehension loop) {
    long once = of(loop.loopCondition()) + of(loop.loopStep());
    long total = of(loop.iterRange()) + of(loop.accuInit()) + of(loop.result());
    return total + Math.multiplyExact(length(loop.iterRange()), once);
  }

  private static long length(CelExpr range) {
    return switch (range.getKind()) {
      case LIST -> range.list().elements().size();
      case MAP -> range.map().entries().size();
      case COMPREHENSION -> length(range.comprehension().iterRange());
      case CALL ->
          Math.max(
              range.call().args().stream().mapToLong(CostEstimate::lengthOrZero).sum(),
              LONGEST_MAP);
      default -> LONGEST_MAP;
    };
  }

  private static long lengthOrZero(CelExpr expr) {
    return expr.getKind() == Kind.CONSTANT ? 0 : length(expr);
  }
}

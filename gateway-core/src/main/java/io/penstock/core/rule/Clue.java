package io.penstock.core.rule;

import dev.cel.common.ast.CelConstant;
import dev.cel.common.ast.CelExpr;
import dev.cel.common.ast.CelExpr.CelCall;
import dev.cel.common.ast.CelExpr.ExprKind.Kind;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** That a text equals a literal: what a condition's holding gives away about the request. */
record Clue(Text text, String literal) {
  /** Of more ways to pair the sides of a {@code ||} the first are tried. */
  private static final int MOST_OPTIONS = 16;

  /**
   * Returns what has to be true for a type-checked condition to hold: of each set at least one
   * clue. None when it asks for nothing of the kind. CEL's {@code &&} and {@code ||} are true only
   * if both, or one, of their sides are, even where the other fails.
   */
  static List<Set<Clue>> of(CelExpr expr) {
    if (expr.getKind() != Kind.CALL) {
      return List.of();
    }
    CelCall call = expr.call();
    List<CelExpr> args = call.args();
    return switch (call.function()) {
      case "_&&_" -> args.stream().flatMap(side -> of(side).stream()).toList();
      case "_||_" -> either(of(args.get(0)), of(args.get(1)));
      case "_==_" ->
          Stream.concat(
                  equal(args.get(0), List.of(args.get(1))).stream(),
                  equal(args.get(1), List.of(args.get(0))).stream())
              .toList();
      case "@in" ->
          args.get(1).getKind() == Kind.LIST
              ? equal(args.get(0), args.get(1).list().elements())
              : List.of();
      default -> List.of();
    };
  }

  /** Of each side one: whichever of them is true, one of both together is. */
  private static List<Set<Clue>> either(List<Set<Clue>> left, List<Set<Clue>> right) {
    return left.stream()
        .flatMap(one -> right.stream().map(other -> union(one, other)))
        .limit(MOST_OPTIONS)
        .toList();
  }

  private static Set<Clue> union(Set<Clue> one, Set<Clue> other) {
    Set<Clue> both = new HashSet<>(one);
    both.addAll(other);
    return Set.copyOf(both);
  }

  private static List<Set<Clue>> equal(CelExpr value, List<CelExpr> literals) {
    Text text = text(value);
    if (text == null || !literals.stream().allMatch(Clue::isText)) {
      return List.of();
    }
    Set<Clue> clues = new HashSet<>();
    literals.forEach(literal -> clues.add(new Clue(text, literal.constant().stringValue())));
    return List.of(Set.copyOf(clues));
  }

  private static @Nullable Text text(CelExpr expr) {
    if (expr.getKind() == Kind.IDENT) {
      return Text.of(expr.ident().name());
    }
    if (expr.getKind() != Kind.CALL || !expr.call().function().equals(Rewriter.METADATA)) {
      return null;
    }
    CelExpr key = expr.call().args().get(1);
    return isText(key) ? Text.ofMetadata(key.constant().stringValue()) : null;
  }

  private static boolean isText(CelExpr expr) {
    return expr.getKind() == Kind.CONSTANT
        && expr.constant().getKind() == CelConstant.Kind.STRING_VALUE;
  }
}

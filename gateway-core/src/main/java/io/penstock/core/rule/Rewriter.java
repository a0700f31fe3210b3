package io.penstock.core.rule;

import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelMutableAst;
import dev.cel.common.ast.CelConstant;
import dev.cel.common.ast.CelExpr.ExprKind.Kind;
import dev.cel.common.ast.CelMutableExpr;
import dev.cel.common.ast.CelMutableExpr.CelMutableCall;
import dev.cel.common.ast.CelMutableExpr.CelMutableComprehension;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Turns {@code metadata.x}, {@code metadata["x"]}, {@code headers["x"]} and {@code budget["x"]} of
 * a parsed condition into calls, since CEL itself fails on a key that is absent where the contract
 * says "". {@code has(metadata.x)} and {@code "x" in metadata} keep CEL's meaning. On the way it
 * notes which variables, texts and budgets are read.
 */
final class Rewriter {
  /** Internal variable: the facts themselves, first argument of the functions below. */
  static final String FACTS = "@facts";

  /** Internal function: a metadata value by name, "" when absent. */
  static final String METADATA = "@metadata";

  /** Internal function: a header by lower-case name, "" when absent. */
  static final String HEADERS = "@headers";

  /** Internal function: share used of a budget by name. */
  static final String BUDGET = "@budget";

  private static final String INDEX = "_[_]";

  /** Identifiers of nodes that the text does not have; a text is too short to reach them. */
  private long nextId = 1_000_000;

  private final Set<String> variables = new HashSet<>();
  private final Set<String> budgets = new HashSet<>();
  private final Set<String> bound = new HashSet<>();
  private final Set<Text> texts = new HashSet<>();
  private boolean readsMore;

  CelAbstractSyntaxTree rewrite(CelAbstractSyntaxTree parsed) {
    CelMutableAst ast = CelMutableAst.fromCelAst(parsed);
    walk(ast.expr());
    return ast.toParsedAst();
  }

  /** Returns the names of the variables that are read; {@code response} for any of its fields. */
  Set<String> variables() {
    return Set.copyOf(variables);
  }

  /** Returns the names of the budgets that are read by a literal name. */
  Set<String> budgets() {
    return Set.copyOf(budgets);
  }

  /** Returns the texts that are read, or null when anything else is read as well. */
  @Nullable Set<Text> steadyTexts() {
    return readsMore ? null : Set.copyOf(texts);
  }

  private void walk(CelMutableExpr expr) {
    switch (expr.getKind()) {
      case IDENT -> read(expr.ident().name());
      case SELECT -> select(expr);
      case CALL -> call(expr);
      case LIST -> expr.list().elements().forEach(this::walk);
      case MAP ->
          expr.map()
              .entries()
              .forEach(entry -> {
                walk(entry.key());
                walk(entry.value());
              });
      case STRUCT -> expr.struct().entries().forEach(entry -> walk(entry.value()));
      case COMPREHENSION -> comprehension(expr.comprehension());
      case CONSTANT, NOT_SET -> {}
    }
  }

  private void read(String name) {
    if (bound.contains(name)) {
      return;
    }
    if (name.equals("budget")) {
      throw new ConditionException("budget is read by name, such as budget[\"org-monthly\"] > 0.9");
    }
    variables.add(name);
    Text text = Text.of(name);
    if (text == null) {
      readsMore = true;
    } else {
      texts.add(text);
    }
  }

  /** Notes what is read of a map. */
  private void note(String map, String key) {
    variables.add(map);
    switch (map) {
      case "metadata" -> texts.add(Text.ofMetadata(key));
      case "budget" -> {
        budgets.add(key);
        readsMore = true;
      }
      default -> readsMore = true;
    }
  }

  private static boolean isMetadata(@Nullable String map) {
    return "metadata".equals(map);
  }

  private void select(CelMutableExpr expr) {
    CelMutableExpr operand = expr.select().operand();
    String map = mapName(operand);
    if (expr.select().testOnly() && isMetadata(map)) {
      note("metadata", expr.select().field());
      return;
    }
    if (expr.select().testOnly() || map == null) {
      walk(operand);
      return;
    }
    CelMutableExpr key =
        CelMutableExpr.ofConstant(nextId++, CelConstant.ofValue(expr.select().field()));
    lookUp(expr, map, key);
  }

  private void call(CelMutableExpr expr) {
    CelMutableCall call = expr.call();
    List<CelMutableExpr> args = call.args();
    String map = call.function().equals(INDEX) ? mapName(args.get(0)) : null;
    if (map != null) {
      CelMutableExpr key = args.get(1);
      walk(key);
      lookUp(expr, map, key);
      return;
    }
    if (call.function().equals("@in") && isText(args.get(0)) && isMetadata(mapName(args.get(1)))) {
      note("metadata", args.get(0).constant().stringValue());
      return;
    }
    call.target().ifPresent(this::walk);
    args.forEach(this::walk);
  }

  private @Nullable String mapName(CelMutableExpr expr) {
    if (expr.getKind() != Kind.IDENT || bound.contains(expr.ident().name())) {
      return null;
    }
    String name = expr.ident().name();
    return switch (name) {
      case "metadata", "headers", "budget" -> name;
      default -> null;
    };
  }

  private void lookUp(CelMutableExpr expr, String map, CelMutableExpr key) {
    if (isText(key)) {
      note(map, key.constant().stringValue());
    } else {
      variables.add(map);
      readsMore = true;
    }
    CelMutableExpr facts = CelMutableExpr.ofIdent(nextId++, FACTS);
    expr.setCall(CelMutableCall.create("@" + map, facts, key));
  }

  private static boolean isText(CelMutableExpr expr) {
    return expr.getKind() == Kind.CONSTANT
        && expr.constant().getKind() == CelConstant.Kind.STRING_VALUE;
  }

  private void comprehension(CelMutableComprehension loop) {
    walk(loop.iterRange());
    walk(loop.accuInit());
    Set<String> added = new HashSet<>(List.of(loop.iterVar(), loop.iterVar2(), loop.accuVar()));
    added.removeAll(bound);
    bound.addAll(added);
    walk(loop.loopCondition());
    walk(loop.loopStep());
    walk(loop.result());
    bound.removeAll(added);
  }
}

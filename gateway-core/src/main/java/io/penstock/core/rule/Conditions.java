package io.penstock.core.rule;

import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelFunctionDecl;
import dev.cel.common.CelIssue;
import dev.cel.common.CelOptions;
import dev.cel.common.CelOverloadDecl;
import dev.cel.common.CelValidationException;
import dev.cel.common.CelValidationResult;
import dev.cel.common.ast.CelConstant;
import dev.cel.common.ast.CelExpr;
import dev.cel.common.navigation.CelNavigableAst;
import dev.cel.common.navigation.CelNavigableExpr;
import dev.cel.common.types.CelType;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerBuilder;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelFunctionBinding;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import io.penstock.core.Suggest;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Compiles conditions and remembers them by their text, so that a reload and a rule written a
 * thousand times cost nothing. One instance per process; thread-safe.
 */
public final class Conditions {
  private static final int LONGEST_TEXT = 4096;

  /** How CEL begins its word on a name that there is not. */
  private static final String UNDECLARED = "undeclared reference to '";

  /** What a condition may read. */
  public enum Kind {
    /** {@code when} and {@code if}: facts of the request. */
    REQUEST,
    /** {@code accept} and {@code store_if}: the answer as well, as {@code response}. */
    RESPONSE
  }

  private record Source(String text, Kind kind) {}

  private static final CelOptions OPTIONS =
      CelOptions.current()
          .enableHeterogeneousNumericComparisons(true)
          .comprehensionMaxIterations(CostEstimate.LIMIT)
          .maxExpressionCodePointSize(LONGEST_TEXT)
          .maxParseRecursionDepth(64)
          .maxRegexProgramSize(1000)
          .build();

  private final Map<Kind, CelCompiler> compilers;
  private final CelRuntime runtime;
  private final ConcurrentHashMap<Source, Condition> compiled;
  private final LongAdder failures;
  private final Consumer<Condition> seen;

  /** Creates an empty cache. */
  public Conditions() {
    this.compilers = new EnumMap<>(Kind.class);
    this.runtime = newRuntime();
    this.compiled = new ConcurrentHashMap<>();
    this.failures = new LongAdder();
    this.seen = condition -> {};
    for (Kind kind : Kind.values()) {
      compilers.put(kind, newCompiler(kind));
    }
  }

  private Conditions(Conditions shared, Consumer<Condition> seen) {
    this.compilers = shared.compilers;
    this.runtime = shared.runtime;
    this.compiled = shared.compiled;
    this.failures = shared.failures;
    this.seen = seen;
  }

  /**
   * Returns this same cache, which shows each condition that somebody compiles by it, also to those
   * whom this one shows them to.
   */
  public Conditions seenBy(Consumer<Condition> consumer) {
    return new Conditions(this, seen.andThen(consumer));
  }

  /**
   * Parses and type-checks a condition. May take a millisecond: at load, not per request.
   *
   * @throws ConditionException when the text is no condition, with the place and what was expected
   */
  public Condition compile(String text, Kind kind) {
    Source source = new Source(text, kind);
    Condition known = compiled.get(source);
    if (known == null) {
      known = compileNew(text, kind, true);
      compiled.put(source, known);
    }
    seen.accept(known);
    return known;
  }

  /** Returns how many evaluations failed (division by zero, cost limit) and so did not hold. */
  public long failures() {
    return failures.sum();
  }

  /** Forgets the conditions for which {@code inUse} is false: called after a reload. */
  public void retain(Predicate<Condition> inUse) {
    compiled.values().removeIf(inUse.negate());
  }

  /** Compiles past the cache; without the direct shapes it is CEL's interpreter that answers. */
  Condition compileNew(String text, Kind kind, boolean shapes) {
    CelCompiler compiler = Objects.requireNonNull(compilers.get(kind));
    Rewriter rewriter = new Rewriter();
    CelAbstractSyntaxTree parsed = tree(text, kind, compiler.parse(text));
    CelAbstractSyntaxTree checked = tree(text, kind, compiler.check(rewriter.rewrite(parsed)));
    if (!checked.getResultType().equals(SimpleType.BOOL)) {
      throw new ConditionException(
          "%s: is %s (expected: a condition, true or false)"
              .formatted(text, checked.getResultType().name()));
    }
    long cost = CostEstimate.of(checked.getExpr());
    if (cost > CostEstimate.LIMIT) {
      throw new ConditionException(
          "%s: may take %d steps (expected: <= %d)".formatted(text, cost, CostEstimate.LIMIT));
    }
    if (dividesByZero(checked)) {
      throw new ConditionException(
          "%s: divides by zero (expected: a divisor other than 0)".formatted(text));
    }
    // Of the thousands that ask only the request nobody wants them: their trees are not kept.
    List<Condition.Part> parts =
        kind == Kind.RESPONSE ? RequestParts.of(checked, runtime) : List.of();
    Predicate<Facts> direct = shapes ? Shapes.direct(checked.getExpr()) : null;
    return direct == null
        ? new CelCondition(text, rewriter, parts, checked, runtime, failures)
        : new DirectCondition(text, rewriter, Clue.of(checked.getExpr()), parts, direct);
  }

  /** Whether a whole number is divided by the constant 0: never a value, whatever the request. */
  private static boolean dividesByZero(CelAbstractSyntaxTree ast) {
    return CelNavigableAst.fromAst(ast)
        .getRoot()
        .allNodes()
        .map(CelNavigableExpr::expr)
        .filter(expr -> expr.getKind() == CelExpr.ExprKind.Kind.CALL)
        .map(CelExpr::call)
        .filter(call -> call.function().equals("_/_") || call.function().equals("_%_"))
        .anyMatch(call -> isZero(call.args().get(1)));
  }

  private static boolean isZero(CelExpr divisor) {
    return divisor.getKind() == CelExpr.ExprKind.Kind.CONSTANT
        && divisor.constant().getKind() == CelConstant.Kind.INT64_VALUE
        && divisor.constant().int64Value() == 0;
  }

  private static CelAbstractSyntaxTree tree(String text, Kind kind, CelValidationResult result) {
    if (result.hasError()) {
      throw new ConditionException(
          result.getErrors().stream()
                  .map(issue -> words(issue, kind))
                  .collect(Collectors.joining("; "))
              + " in: "
              + text);
    }
    try {
      return result.getAst();
    } catch (CelValidationException e) {
      throw new ConditionException(e.getMessage() + " in: " + text);
    }
  }

  private static String words(CelIssue issue, Kind kind) {
    String message = issue.getMessage();
    if (message.startsWith(UNDECLARED + "response")) {
      message += "; response.text, .finish, .json, .logprob, .tokens exist in accept and store_if";
    } else if (message.startsWith(UNDECLARED)) {
      int start = UNDECLARED.length();
      String name = message.substring(start, message.indexOf('\'', start));
      String near = Suggest.nearest(name, Variables.names(kind));
      message += near == null ? "" : "; did you mean " + near + "?";
    }
    return "column %d: %s".formatted(issue.getSourceLocation().getColumn() + 1, message);
  }

  private static CelCompiler newCompiler(Kind kind) {
    CelCompilerBuilder builder =
        CelCompilerFactory.standardCelCompilerBuilder()
            .setOptions(OPTIONS)
            .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
            .addVar(Rewriter.FACTS, SimpleType.DYN)
            .addFunctionDeclarations(
                lookUp(Rewriter.METADATA, SimpleType.STRING),
                lookUp(Rewriter.HEADERS, SimpleType.STRING),
                lookUp(Rewriter.BUDGET, SimpleType.DOUBLE));
    for (Variables.Variable variable : Variables.of(kind)) {
      builder.addVar(variable.name(), variable.type());
    }
    return builder.build();
  }

  private static CelFunctionDecl lookUp(String name, CelType result) {
    return CelFunctionDecl.newFunctionDeclaration(
        name, CelOverloadDecl.newGlobalOverload(name, result, SimpleType.DYN, SimpleType.STRING));
  }

  private static CelRuntime newRuntime() {
    return CelRuntimeFactory.plannerRuntimeBuilder()
        .setOptions(OPTIONS)
        .addFunctionBindings(
            CelFunctionBinding.from(
                Rewriter.METADATA,
                Facts.class,
                String.class,
                (facts, key) -> Shapes.at(true, facts, key)),
            CelFunctionBinding.from(
                Rewriter.HEADERS,
                Facts.class,
                String.class,
                (facts, key) -> Shapes.at(false, facts, key)),
            CelFunctionBinding.from(Rewriter.BUDGET, Facts.class, String.class, Facts::budget))
        .build();
  }
}

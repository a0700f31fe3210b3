package io.penstock.core.rule;

import dev.cel.common.types.CelType;
import dev.cel.common.types.MapType;
import dev.cel.common.types.SimpleType;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The variables of conditions: name, CEL type, and how each is found in the facts. */
final class Variables {
  private static final double NANOS_PER_USD = 1e9;

  /** One variable. */
  record Variable(String name, CelType type, boolean ofAnswer, Function<Facts, Object> value) {}

  private static final Map<String, Variable> ALL = new LinkedHashMap<>();
  private static final Map<String, Function<Facts, String>> TEXTS = new HashMap<>();

  static {
    text("model", Facts::model);
    text("target", Facts::target);
    text("provider", Facts::provider);
    text("region", Facts::region);
    value("cost", SimpleType.DOUBLE, Variables::costUsd);
    text("endpoint", Facts::endpoint);
    value("stream", SimpleType.BOOL, Facts::stream);
    value("tokens", SimpleType.INT, Facts::tokens);
    value("max_tokens", SimpleType.INT, Facts::maxTokens);
    value("tools", SimpleType.INT, facts -> (long) facts.tools());
    value("images", SimpleType.INT, facts -> (long) facts.images());
    value("turns", SimpleType.INT, facts -> (long) facts.turns());
    text("text", Facts::text);
    text("system", Facts::system);
    text("team", Facts::team);
    text("app", Facts::app);
    text("user", Facts::user);
    text("end_user", Facts::endUser);
    text("key", Facts::key);
    text("session", Facts::session);
    value("metadata", MapType.create(SimpleType.STRING, SimpleType.STRING), Facts::metadata);
    value("headers", MapType.create(SimpleType.STRING, SimpleType.STRING), Facts::headers);
    value("hour", SimpleType.INT, facts -> (long) facts.hour());
    value("weekday", SimpleType.INT, facts -> (long) facts.weekday());
    text("task", Facts::task);
    value("complexity", SimpleType.DOUBLE, Facts::complexity);
    answer("response.text", SimpleType.STRING, Facts.ResponseFacts::text);
    answer("response.finish", SimpleType.STRING, Facts.ResponseFacts::finish);
    answer("response.json", SimpleType.BOOL, Facts.ResponseFacts::json);
    answer("response.logprob", SimpleType.DOUBLE, Facts.ResponseFacts::logprob);
    answer("response.tokens", SimpleType.INT, Facts.ResponseFacts::tokens);
  }

  private Variables() {}

  private static void text(String name, Function<Facts, String> value) {
    TEXTS.put(name, value);
    ALL.put(name, new Variable(name, SimpleType.STRING, false, value::apply));
  }

  private static void value(String name, CelType type, Function<Facts, Object> value) {
    ALL.put(name, new Variable(name, type, false, value));
  }

  private static void answer(
      String name, CelType type, Function<Facts.ResponseFacts, Object> value) {
    ALL.put(
        name,
        new Variable(
            name,
            type,
            true,
            facts -> {
              Facts.ResponseFacts response = facts.response();
              if (response == null) {
                throw new IllegalStateException(name + " asked before there is an answer");
              }
              return value.apply(response);
            }));
  }

  /** Returns the variables that conditions of that kind may read. */
  static List<Variable> of(Conditions.Kind kind) {
    return ALL.values().stream()
        .filter(variable -> kind == Conditions.Kind.RESPONSE || !variable.ofAnswer())
        .toList();
  }

  /** Returns their names. */
  static List<String> names(Conditions.Kind kind) {
    return of(kind).stream().map(Variable::name).toList();
  }

  /** Returns how a request's text of that name is read, or null when no text has it. */
  static @Nullable Function<Facts, String> text(String name) {
    return TEXTS.get(name);
  }

  /** Returns whether that is the name of a variable that a request gives a value. */
  static boolean ofRequest(String name) {
    Variable variable = ALL.get(name);
    return variable != null && !variable.ofAnswer();
  }

  /** Looks a variable up for CEL, when CEL asks for it. */
  static Optional<Object> find(String name, Facts facts) {
    if (name.equals(Rewriter.FACTS)) {
      return Optional.of(facts);
    }
    Variable variable = ALL.get(name);
    return variable == null ? Optional.empty() : Optional.of(variable.value().apply(facts));
  }

  static double costUsd(Facts facts) {
    return facts.costNanos() / NANOS_PER_USD;
  }
}

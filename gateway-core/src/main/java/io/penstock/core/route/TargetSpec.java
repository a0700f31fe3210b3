package io.penstock.core.route;

import io.penstock.core.rule.Condition;
import java.util.Map;

/**
 * One target of a route.
 *
 * @param model {@code provider/model} or another model's name; a {@code *} stands for what the
 *     route's own {@code *} matched
 * @param retries attempts after the first; -1: the provider's setting
 * @param set body fields that replace the client's
 * @param defaults body fields for when the client sends none
 * @param weight for {@link RouteSpec.Weighted}
 * @param upto highest complexity taken, 0..1; NaN: no bound
 * @param quality 0..1 for {@link RouteSpec.Cost}; NaN when unknown
 * @param accept for {@link RouteSpec.Cascade}; {@link Condition#ALWAYS} when left out
 * @param optimistic whether a cascade's stream goes to the client before it is accepted
 */
public record TargetSpec(
    String model,
    int retries,
    Map<String, Object> set,
    Map<String, Object> defaults,
    double weight,
    double upto,
    double quality,
    Condition accept,
    boolean optimistic) {

  public TargetSpec {
    set = Map.copyOf(set);
    defaults = Map.copyOf(defaults);
  }

  /** Returns a target with the defaults of the configuration. */
  public static TargetSpec of(String model) {
    return new TargetSpec(
        model, -1, Map.of(), Map.of(), 1, Double.NaN, Double.NaN, Condition.ALWAYS, false);
  }

  /** Returns this target with that weight. */
  public TargetSpec weight(double value) {
    return new TargetSpec(model, retries, set, defaults, value, upto, quality, accept, optimistic);
  }

  /** Returns this target with that threshold. */
  public TargetSpec upto(double value) {
    return new TargetSpec(
        model, retries, set, defaults, weight, value, quality, accept, optimistic);
  }

  /** Returns this target with that quality. */
  public TargetSpec quality(double value) {
    return new TargetSpec(model, retries, set, defaults, weight, upto, value, accept, optimistic);
  }

  /** Returns this target, whose answers must meet that condition. */
  public TargetSpec accept(Condition value, boolean stream) {
    return new TargetSpec(model, retries, set, defaults, weight, upto, quality, value, stream);
  }

  /** Returns this target with the body fields of the configuration. */
  public TargetSpec body(Map<String, Object> replace, Map<String, Object> fill) {
    return new TargetSpec(model, retries, replace, fill, weight, upto, quality, accept, optimistic);
  }

  /** Returns this target with its own number of attempts after the first. */
  public TargetSpec retries(int value) {
    return new TargetSpec(model, value, set, defaults, weight, upto, quality, accept, optimistic);
  }
}

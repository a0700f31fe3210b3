package io.penstock.core.route;

/**
 * A target in the order in which a route would try it.
 *
 * @param target as the route names it, with {@code *} filled in
 * @param why in words, such as {@code weighted 5%}
 */
record Choice(TargetSpec spec, String target, String why) {
  Choice because(String reason) {
    return new Choice(spec, target, reason);
  }
}

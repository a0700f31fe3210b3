package io.penstock.core.route;

import io.penstock.core.rule.Condition;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a plan is: the routes from the one that was asked for down to the target being looked at,
 * each with the choice that is tried, and what they say together. Confined to the exchange's loop.
 */
final class Descent {
  private static final String PLAIN = "plain";

  private final Deque<Frame> frames = new ArrayDeque<>(2);

  /** A route on the way, and which of its choices is being tried. */
  private static final class Frame {
    final RouteTable.Found route;
    final List<Choice> order;
    int position = -1;

    Frame(RouteTable.Found route, List<Choice> order) {
      this.route = route;
      this.order = order;
    }

    Choice choice() {
      return order.get(position);
    }
  }

  void enter(RouteTable.Found route, List<Choice> order) {
    frames.addLast(new Frame(route, order));
  }

  /** Leaves what was entered behind the route of this name. */
  void backTo(String route) {
    while (!frames.isEmpty() && !frames.getLast().route.name().equals(route)) {
      frames.removeLast();
    }
  }

  /** Goes on to the next choice, leaving routes that have no more; null when none has. */
  @Nullable Choice next() {
    while (!frames.isEmpty()) {
      Frame top = frames.getLast();
      if (++top.position < top.order.size()) {
        return top.choice();
      }
      frames.removeLast();
    }
    return null;
  }

  /** Returns what each route chose, the one asked for first. */
  List<Plan.Step> steps() {
    List<Plan.Step> steps = new ArrayList<>(frames.size());
    for (Frame frame : frames) {
      steps.add(new Plan.Step(frame.route, frame.choice().target()));
    }
    return steps;
  }

  /** Returns why these were chosen, in a few words. */
  String why() {
    if (frames.size() == 1) {
      String why = frames.getLast().choice().why();
      return why.isEmpty() ? PLAIN : why;
    }
    StringBuilder words = new StringBuilder();
    for (Frame frame : frames) {
      String why = frame.choice().why();
      if (!why.isEmpty()) {
        words.append(words.isEmpty() ? "" : ", ").append(why);
      }
    }
    if (words.isEmpty()) {
      words.append(PLAIN);
    }
    return words.toString();
  }

  /**
   * Returns the options in force: of the last route that had a choice, within the limits of all.
   *
   * @param asked those of the route that was asked for
   */
  RouteOptions options(RouteOptions asked) {
    RouteOptions options = asked;
    long firstToken = 0;
    long ceiling = 0;
    boolean drop = false;
    for (Frame frame : frames) {
      RouteOptions own = frame.route.spec().options();
      firstToken = least(firstToken, own.firstTokenNanos());
      ceiling = least(ceiling, own.ceilingNanos());
      drop |= own.dropUnsupported();
      if (frame.order.size() > 1) {
        options = own;
      }
    }
    return options.within(firstToken, ceiling, drop);
  }

  /** The lesser of two limits, of which 0 is none. */
  private static long least(long one, long other) {
    return one == 0 ? other : other == 0 ? one : Math.min(one, other);
  }

  /** Returns the parameters of all routes: the outer ones win. */
  TargetSpec spec() {
    TargetSpec inner = frames.getLast().choice().spec();
    if (frames.size() == 1) {
      return inner;
    }
    Map<String, Object> set = new HashMap<>();
    Map<String, Object> defaults = new HashMap<>();
    Condition accept = Condition.ALWAYS;
    boolean optimistic = false;
    int retries = -1;
    for (Frame frame : (Iterable<Frame>) frames::descendingIterator) {
      TargetSpec spec = frame.choice().spec();
      retries = retries < 0 ? spec.retries() : retries;
      set.putAll(spec.set());
      defaults.putAll(spec.defaults());
      if (accept.equals(Condition.ALWAYS)) {
        accept = spec.accept();
        optimistic = spec.optimistic();
      }
    }
    return inner.body(set, defaults).accept(accept, optimistic).retries(retries);
  }

  /** Returns the provider key that something sticky on the way used before, or null. */
  @Nullable String keyHint(Stickiness sticky) {
    for (Frame frame : frames) {
      String key = sticky.keyOf(frame.route, frame.choice().target());
      if (key != null) {
        return key;
      }
    }
    return null;
  }
}

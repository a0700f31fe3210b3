package io.penstock.server.call.serve;

import io.penstock.core.route.RouteOptions;
import io.penstock.core.route.ShareBudget;
import io.penstock.server.call.Call;
import io.penstock.server.call.LoopTimer;
import io.penstock.server.targets.Routing;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Says when a call that waits longer than its target usually takes should ask another one as well:
 * once, and only as often as the route's share of calls allows. Confined to the call's loop.
 */
final class Hedging {
  private final Call call;
  private final Routing routing;
  private final RouteOptions.@Nullable Hedge options;
  private final LoopTimer timer;
  private @Nullable Leg armedFor;
  private boolean taken;

  Hedging(Call call, Routing routing, RouteOptions options) {
    this.call = call;
    this.routing = routing;
    this.options = options.hedge();
    this.timer = new LoopTimer(call.guard());
  }

  /** A leg's attempt goes out: {@code slow} is told, with a reason, when the leg takes too long. */
  void arm(Leg leg, Consumer<String> slow) {
    if (options == null || taken || leg == armedFor) {
      return;
    }
    if (armedFor == null) {
      budget(options).onCall();
    }
    armedFor = leg;
    timer.cancel();
    long delay =
        options.afterNanos() > 0
            ? options.afterNanos()
            : routing.health().p95(leg.target().label(), call.stream());
    if (delay <= 0) {
      // Nothing is known of how long this target usually takes.
      return;
    }
    String why = "hedge after " + TimeUnit.NANOSECONDS.toMillis(delay) + " ms";
    timer.start(delay, () -> slow.accept(why));
  }

  /** Takes one hedge of the route's share; false when it is used up. */
  boolean tryTake() {
    taken = options != null && budget(options).tryExtra();
    return taken;
  }

  private ShareBudget budget(RouteOptions.Hedge hedge) {
    return routing.hedges(call.destination().route(), hedge.budget());
  }

  void cancel() {
    timer.cancel();
  }
}

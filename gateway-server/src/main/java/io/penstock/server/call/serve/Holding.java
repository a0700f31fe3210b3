package io.penstock.server.call.serve;

import io.penstock.budget.Ask;
import io.penstock.budget.Limit;
import io.penstock.budget.Over;
import io.penstock.budget.Reservation;
import io.penstock.budget.Verdict;
import io.penstock.core.route.RouteTable;
import io.penstock.server.call.CachePart;
import io.penstock.server.call.Call;
import io.penstock.server.call.accounting.OutputCap;
import io.penstock.server.call.accounting.WorstCase;
import io.penstock.server.targets.TargetRuntime;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Holds the worst case of one attempt on every budget that matches, and lowers the output cap where
 * the budget affords a shorter answer. Confined to the call's loop.
 */
public final class Holding {
  /** So often the cap is lowered: several budgets may refuse, and others spend meanwhile. */
  private static final int MOST_CLAMPS = 5;

  private final Call call;
  private final Engine engine;
  private final TargetRuntime target;
  private final Way way;
  private final Consumer<Outcome> then;
  private long cap;
  private int clamps;
  private long output;
  private long most;

  /**
   * How the call came to this target.
   *
   * @param cap the output cap of an earlier attempt on it, or -1
   * @param redirectedBy the budget that sent the call here, "" when none did
   * @param mayLeave whether a budget may send it to another model; false when an answer is
   *     continued
   */
  public record Way(long cap, String redirectedBy, boolean mayLeave) {}

  /** What became of it. */
  public sealed interface Outcome {}

  /**
   * The attempt may be made.
   *
   * @param reservation owned by whoever is told
   * @param worst what it holds
   * @param cap the gateway's output cap, tokens; -1 for none
   * @param most the longest answer, output tokens
   */
  public record Granted(Reservation reservation, WorstCase worst, long cap, long most)
      implements Outcome {}

  /** The attempt may not be made. */
  public sealed interface Denied extends Outcome {
    /** What the budgets said. */
    Verdict verdict();
  }

  /** A budget wants the call to go to another model; {@code verdict} is what it says otherwise. */
  public record Redirected(String budget, RouteTable.Found to, Verdict verdict) implements Denied {}

  /** That is all. */
  record Refused(Verdict verdict) implements Denied {}

  private Holding(Call call, Engine engine, TargetRuntime target, Way way, Consumer<Outcome> then) {
    this.call = call;
    this.engine = engine;
    this.target = target;
    this.cap = way.cap();
    this.way = way;
    this.then = then;
  }

  /**
   * Asks the budgets.
   *
   * @param then told once, on the call's loop, perhaps before this returns; also when the client
   *     has left meanwhile
   */
  public static void take(
      Call call, Engine engine, TargetRuntime target, Way way, Consumer<Outcome> then) {
    new Holding(call, engine, target, way, then).ask();
  }

  private void ask() {
    output = firstOutput();
    WorstCase worst = WorstCase.of(call, target, output);
    call.facts().target(target, worst.nanos());
    long likely = LikelyUse.tokens(call, engine, target, output);
    Ask ask = new Ask(worst.nanos(), worst.tokens(), likely, way.redirectedBy(), "");
    decide(worst, engine.budgets().reserve(call.facts(), ask));
  }

  /** A stream without a maximum holds what answers mostly need; it is stretched or cut later. */
  private long firstOutput() {
    most = OutputCap.most(call, target, cap);
    boolean open =
        call.stream()
            && cap < 0
            && call.wants().wish().tokens() < 0
            && OutputCap.answers(call, target) == 1
            && target.showsWhatItBills();
    long learned = open ? engine.learnedOutput().bound(target.label()) : -1;
    return learned < 0 ? most : Math.min(most, learned);
  }

  private void decide(WorstCase worst, Verdict verdict) {
    switch (verdict) {
      case Verdict.Granted(Reservation hold) -> then.accept(new Granted(hold, worst, cap, most));
      case Verdict.Pending(var stage) ->
          call.guard().whenThere(stage, later -> decide(worst, later));
      default -> denied(worst.nanos(), verdict);
    }
  }

  private void denied(long bound, Verdict verdict) {
    if (call.isEnded()) {
      // The client left while the store was asked: nobody is refused anything.
      then.accept(new Refused(verdict));
      return;
    }
    if (call.tally().isCounting()) {
      // An attempt before this one holds its worst case until what it used is counted.
      call.tally().whenCounted(() -> call.guard().run(this::ask));
      return;
    }
    if (verdict instanceof Verdict.Denied denied) {
      // First: a shorter answer of this model would spend what the other one was to be asked with.
      RouteTable.Found other = otherModel(denied);
      if (other != null) {
        then.accept(new Redirected(denied.counter().budget(), other, verdict));
        asksForItself();
        return;
      }
      if (clamp(bound, denied)) {
        ask();
        asksForItself();
        return;
      }
    }
    then.accept(new Refused(verdict));
  }

  private RouteTable.@Nullable Found otherModel(Verdict.Denied denied) {
    return denied.over() instanceof Over.Use use && way.redirectedBy().isEmpty() && way.mayLeave()
        ? textRoute(use.model())
        : null;
  }

  /** Returns the route of the model that a budget names; null when there is none that fits. */
  private RouteTable.@Nullable Found textRoute(String model) {
    RouteTable routes = call.snapshot().routes();
    RouteTable.Found route = call.surface().endpoint().isText() ? routes.find(model) : null;
    return route != null && call.snapshot().targets().writeText(routes, route) ? route : null;
  }

  /** Last: whoever asks next must not take what this call was just offered. */
  private void asksForItself() {
    CachePart part = call.cache();
    if (part != null) {
      part.asksForItself();
    }
  }

  /** Lowers the output cap to what the budget affords; false when it affords too little. */
  private boolean clamp(long bound, Verdict.Denied denied) {
    if (!call.snapshot().config().clamp().isOn()
        || clamps == MOST_CLAMPS
        || !OutputCap.isSent(call.surface().endpoint())) {
      return false;
    }
    boolean money = denied.limit().unit() == Limit.Unit.NANO_USD;
    WorstCase unanswered = WorstCase.of(call, target, 0);
    long room = denied.affordable() - (money ? unanswered.nanos() : unanswered.tokens());
    if (output <= 0 || money && bound <= unanswered.nanos() || room <= 0) {
      return false;
    }
    // Per-token cost rounded up, so that the lowered bound never exceeds the room.
    long perToken = money ? (bound - unanswered.nanos() + output - 1) / output : 1;
    long affordable = room / perToken / OutputCap.answers(call, target);
    if (affordable < LeastCap.of(call, target)) {
      return false;
    }
    clamps++;
    cap = affordable;
    return true;
  }
}

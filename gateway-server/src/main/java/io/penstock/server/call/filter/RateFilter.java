package io.penstock.server.call.filter;

import io.penstock.budget.Budgets;
import io.penstock.budget.Reservation;
import io.penstock.budget.Verdict;
import io.penstock.core.Ending;
import io.penstock.core.Filter;
import io.penstock.core.Step;
import io.penstock.server.call.Call;
import io.penstock.server.call.reply.RefusedException;

/** Takes one request of every request rate; a request that is refused later gives it back. */
final class RateFilter implements Filter<Call> {
  private final Budgets budgets;

  RateFilter(Budgets budgets) {
    this.budgets = budgets;
  }

  @Override
  public Step apply(Call call) {
    if (call.surface().endpoint().isOwn()) {
      return Step.next();
    }
    call.facts().budgets(name -> budgets.used(name, call.facts()));
    return decide(call, budgets.admit(call.facts()));
  }

  private static Step decide(Call call, Verdict verdict) {
    return switch (verdict) {
      case Verdict.Granted(Reservation taken) -> {
        if (!taken.isEmpty()) {
          call.admitted(taken);
          call.onEnd(ending -> end(taken, ending));
        }
        yield Step.next();
      }
      case Verdict.Pending(var stage) -> Step.await(stage, later -> decide(call, later));
      default -> throw new RefusedException(verdict);
    };
  }

  private static void end(Reservation taken, Ending ending) {
    if (ending == Ending.REJECTED) {
      taken.cancel();
    } else {
      taken.settle(0, 0);
    }
  }
}

package io.penstock.server.call.filter;

import io.penstock.budget.Budgets;
import io.penstock.core.Filter;
import io.penstock.core.Step;
import io.penstock.server.call.Call;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/**
 * Waits until it is known what was spent on the budgets that conditions read. Behind the rates: who
 * is refused makes nobody read. What cannot be read in time is taken for what was known.
 */
final class SpentFilter implements Filter<Call> {
  private final Budgets budgets;

  SpentFilter(Budgets budgets) {
    this.budgets = budgets;
  }

  @Override
  public Step apply(Call call) {
    Set<String> read = call.snapshot().budgetsRead();
    if (read.isEmpty()) {
      return Step.next();
    }
    return switch (call.surface().endpoint()) {
      // No condition is asked about these.
      case MODELS, USAGE, PASSTHROUGH, STORED_RESPONSE -> Step.next();
      default -> {
        CompletionStage<Void> reading = budgets.read(read::contains, call.facts());
        yield reading == null ? Step.next() : Step.await(reading, done -> Step.next());
      }
    };
  }
}

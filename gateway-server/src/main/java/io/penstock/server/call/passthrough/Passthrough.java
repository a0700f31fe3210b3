package io.penstock.server.call.passthrough;

import io.penstock.budget.Reservation;
import io.penstock.budget.Verdict;
import io.penstock.core.Endpoint;
import io.penstock.core.GatewayException;
import io.penstock.server.call.Call;
import io.penstock.server.call.serve.Engine;
import io.penstock.server.targets.ProviderRuntime;
import java.util.concurrent.CompletionStage;

/**
 * Who may be passed through: a call to a path under {@code passthrough}, or to a stored answer,
 * takes its permits and then goes to the provider. Confined to its event loop.
 */
public final class Passthrough {
  private final Call call;
  private final Engine engine;
  private final ProviderRuntime provider;
  private final String uri;

  private Passthrough(Call call, Engine engine, ProviderRuntime provider, String uri) {
    this.call = call;
    this.engine = engine;
    this.provider = provider;
    this.uri = uri;
  }

  /**
   * Sends the call on.
   *
   * @throws GatewayException 400 for a path that climbs out of what was allowed
   */
  public static void start(Call call, Engine engine, ProviderRuntime provider) {
    boolean stored = call.surface().endpoint() == Endpoint.STORED_RESPONSE;
    String uri =
        stored
            ? PassedHeaders.stored(call.surface().rest(), call.head(), provider)
            : PassedHeaders.uri(call.head(), call.surface().rest(), provider.basePath());
    call.destination().route(stored ? "" : call.surface().rest());
    call.facts().passedTo(provider);
    Passthrough made = new Passthrough(call, engine, provider, uri);
    if (stored) {
      // Kept by who asks for it, and paid for.
      made.enter(engine.budgets().enter(call.facts()));
    } else {
      made.askBudgets();
    }
  }

  /** What it costs nobody knows, so nothing is held: who has no money left is refused. */
  private void askBudgets() {
    CompletionStage<Void> reading = engine.budgets().read(name -> true, call.facts());
    if (reading == null) {
      enterUnlessUsedUp();
    } else {
      call.guard().whenThere(reading, read -> enterUnlessUsedUp());
    }
  }

  private void enterUnlessUsedUp() {
    if (call.isEnded()) {
      return;
    }
    Verdict usedUp = engine.budgets().usedUp(call.facts());
    enter(usedUp == null ? engine.budgets().enter(call.facts()) : usedUp);
  }

  private void enter(Verdict verdict) {
    switch (verdict) {
      case Verdict.Granted(Reservation permit) -> {
        // At once when the client has left meanwhile.
        call.onEnd(ending -> permit.settle(0, 0));
        if (!call.isEnded()) {
          PassedExchange.begin(call, engine, provider, uri);
        }
      }
      case Verdict.Pending(var stage) -> call.guard().whenThere(stage, this::enter);
      default -> {
        if (!call.isEnded()) {
          engine.refuse(call, verdict);
        }
      }
    }
  }
}

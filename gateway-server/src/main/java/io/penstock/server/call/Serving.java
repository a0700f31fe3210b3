package io.penstock.server.call;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.netty.buffer.ByteBuf;
import io.penstock.budget.Verdict;
import io.penstock.core.Ending;
import io.penstock.core.GatewayException;
import io.penstock.ledger.Waste;
import io.penstock.providers.Failure;
import org.jspecify.annotations.Nullable;

/**
 * What the attempts of one call share, and the ways in which it ends for its client; one of them is
 * taken, once. Confined to the call's loop.
 */
final class Serving {
  private final Call call;
  private final Engine engine;
  private final ClientAnswer answer;
  private final AnswerKeeper keeper;
  private @Nullable Unaccepted unaccepted;
  private boolean clientGone;

  /**
   * Creates what a call needs to be answered.
   *
   * @param holdMillis how long response headers wait for content
   * @param onHoldOver told when they go out without
   */
  Serving(Call call, Engine engine, long holdMillis, Runnable onHoldOver) {
    this.call = call;
    this.engine = engine;
    this.answer = new ClientAnswer(call, holdMillis, onHoldOver);
    this.keeper = engine.keeper(call);
  }

  Call call() {
    return call;
  }

  Engine engine() {
    return engine;
  }

  /** Returns what the client has seen. */
  ClientAnswer answer() {
    return answer;
  }

  /** Returns what may keep a copy of it for others. */
  AnswerKeeper keeper() {
    return keeper;
  }

  /** Returns whether the client has left; the call may go on for others. */
  boolean isClientGone() {
    return clientGone;
  }

  void clientGone() {
    clientGone = true;
  }

  /** Keeps an answer that was turned down, for when there is no better one. */
  void keep(Unaccepted weak) {
    forgetUnaccepted();
    unaccepted = weak;
  }

  /** A better answer is there. */
  void forgetUnaccepted() {
    Unaccepted kept = unaccepted;
    unaccepted = null;
    if (kept != null) {
      kept.forget().run();
    }
  }

  /** A weak answer is better than none: returns whether there was one to serve. */
  private boolean servesUnaccepted() {
    Unaccepted kept = unaccepted;
    unaccepted = null;
    if (kept != null) {
      kept.serve().run();
    }
    return kept != null;
  }

  /** The client has its answer. */
  void done(TargetRuntime by) {
    answered(by, 200);
    call.end(clientGone ? Ending.CLIENT_GONE : Ending.COMPLETED);
  }

  /** The client has left and nothing goes on. */
  void abandon() {
    forgetUnaccepted();
    answer.close();
    call.end(Ending.CLIENT_GONE);
  }

  /** The client has seen content: it gets a well-formed error event, never a quiet end. */
  void cut(Leg by, AttemptRun run, Failure failure) {
    ByteBuf closing = run.closing(null, ClientErrors.message(failure), null);
    Ending ending = ClientErrors.ending(failure);
    by.account().settle(run.outcome(failure, clientGone), ending, Waste.FAILED);
    if (closing != null) {
      answer.stream(closing);
      answer.end();
    } else {
      call.responder().abort();
    }
    answered(by.target(), ClientErrors.code(failure).status());
    call.end(ending);
  }

  /** The budgets have no more: an end as if the answer had been too long, and the reason. */
  void shorten(Leg by, AttemptRun run, Verdict why) {
    String reason = String.valueOf(BudgetRefusals.of(why).getMessage());
    engine.budgetDenied(why);
    ByteBuf closing = run.closing("length", reason, json(reason));
    run.cancel();
    by.account().settle(run.outcome(null, clientGone), Ending.COMPLETED, Waste.NONE);
    if (closing != null) {
      answer.stream(closing);
    }
    answer.end();
    done(by.target());
  }

  private static String json(String reason) {
    return "{\"cut\":\""
        + new String(JsonStringEncoder.getInstance().quoteAsString(reason))
        + "\"}";
  }

  /** Tells the client what the provider said, or what the gateway makes of it. */
  void fail(TargetRuntime last, Failure failure) {
    if (servesUnaccepted()) {
      return;
    }
    boolean begun = answer.isBegun();
    answer.close();
    if (begun) {
      // Headers went out before any content: the error can only be an event.
      call.responder().write(ClientErrors.event(call.dialect(), failure, call.idText()));
      call.responder().end();
    } else {
      ClientErrors.reply(call, failure, ErrorReplies.headers(call.dialect(), call.idText()));
    }
    answered(last, ClientErrors.code(failure).status());
    call.end(ClientErrors.ending(failure));
  }

  /** A budget or rate does not allow what would have to be asked. */
  void refuse(Verdict verdict) {
    if (servesUnaccepted()) {
      return;
    }
    answer.close();
    BudgetRefusals.note(call, verdict);
    engine.refuse(call, BudgetRefusals.of(verdict), BudgetRefusals.rule(verdict));
  }

  /** Nothing can be asked. */
  void refuse(GatewayException why) {
    if (servesUnaccepted()) {
      return;
    }
    answer.close();
    engine.refuse(call, why);
  }

  private void answered(TargetRuntime by, int status) {
    call.tally().answered(status, by.provider().name(), by.model());
  }
}

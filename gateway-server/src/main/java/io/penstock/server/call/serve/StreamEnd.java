package io.penstock.server.call.serve;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCountUtil;
import io.penstock.budget.Verdict;
import io.penstock.core.Ending;
import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;
import io.penstock.core.route.Candidate;
import io.penstock.ledger.Waste;
import io.penstock.providers.Closing;
import io.penstock.providers.Failure;
import io.penstock.providers.translate.Continuation;
import io.penstock.server.call.Call;
import io.penstock.server.call.FlightLead;
import io.penstock.server.call.attempt.AttemptRun;
import io.penstock.server.call.reply.BudgetRefusals;
import io.penstock.server.call.reply.ClientErrors;
import org.jspecify.annotations.Nullable;

/**
 * How a stream of which the client has seen content ends before its time: by an error event, by the
 * end that the budgets allow, or not at all, because another target goes on with it. Never quietly.
 * Confined to the call's loop.
 */
final class StreamEnd {
  private final Serving serving;
  private final Call call;
  private @Nullable Cut cut;

  /**
   * A stream that was cut after the client had seen some of it.
   *
   * @param run what read it; writes the error event if nobody goes on
   * @param from what another target goes on with
   */
  record Cut(Leg by, AttemptRun run, Failure failure, Continuation from) {}

  StreamEnd(Serving serving) {
    this.serving = serving;
    this.call = serving.call();
  }

  /** Returns what the legs to come go on with; null while no stream was cut. */
  @Nullable Continuation from() {
    return cut == null ? null : cut.from();
  }

  /** Returns whether the target can go on with what the client has seen, if a stream was cut. */
  boolean fits(Candidate candidate) {
    return cut == null || Resumption.takesPrefill(call, candidate);
  }

  /** Settles a stream that was cut and that another leg goes on with. */
  void goOn(Cut after) {
    cut = after;
    settle(after.by(), after.run(), after.failure(), Waste.FALLBACK);
  }

  /** Settles a stream that was cut and with which nobody goes on, and tells the client. */
  void cut(Leg by, AttemptRun run, Failure failure) {
    settle(by, run, failure, Waste.FAILED);
    breakOff(by, run, failure, "");
  }

  private void settle(Leg by, AttemptRun run, Failure failure, Waste waste) {
    by.account()
        .settle(run.outcome(failure, serving.isClientGone()), ClientErrors.ending(failure), waste);
  }

  private void breakOff(Leg by, AttemptRun run, Failure failure, String more) {
    String message = ClientErrors.message(by.target().provider().name(), failure) + more;
    ErrorCode code = ClientErrors.code(failure);
    FlightLead.brokeOff(call, new GatewayException(code, message));
    ByteBuf closing = run.closing(new Closing.Broken(code, message, call.idText()), null);
    if (closing != null) {
      serving.answer().stream(closing);
      serving.answer().end();
    } else {
      call.responder().abort();
    }
    serving.answered(by.target(), code.status());
    call.end(ClientErrors.ending(failure));
  }

  /** Nobody goes on with a stream that was cut: returns whether there is one. */
  boolean breaksOff(String why) {
    Cut after = cut;
    if (after != null) {
      breakOff(after.by(), after.run(), after.failure(), why);
    }
    return after != null;
  }

  /** The budgets have no more: an end as if the answer had been too long, and the reason. */
  void shorten(Leg by, AttemptRun run, Verdict why) {
    String reason = String.valueOf(BudgetRefusals.ofCut(why).getMessage());
    serving.engine().budgetDenied(why);
    ByteBuf closing = run.closing(new Closing.Shortened("length"), json(reason));
    try {
      run.cancel();
      by.account().settle(run.outcome(null, serving.isClientGone()), Ending.COMPLETED, Waste.NONE);
    } catch (RuntimeException | Error e) {
      ReferenceCountUtil.release(closing);
      throw e;
    }
    if (closing != null) {
      serving.answer().stream(closing);
    }
    serving.answer().end();
    serving.done(by.target());
  }

  private static String json(String reason) {
    return "{\"cut\":\""
        + new String(JsonStringEncoder.getInstance().quoteAsString(reason))
        + "\"}";
  }
}

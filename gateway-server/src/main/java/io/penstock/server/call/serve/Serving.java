package io.penstock.server.call.serve;

import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.budget.Verdict;
import io.penstock.core.Ending;
import io.penstock.core.GatewayException;
import io.penstock.providers.Failure;
import io.penstock.providers.translate.Continuation;
import io.penstock.server.call.Call;
import io.penstock.server.call.FlightLead;
import io.penstock.server.call.reply.BudgetRefusals;
import io.penstock.server.call.reply.ClientErrors;
import io.penstock.server.call.reply.Refusals;
import io.penstock.server.targets.KeySpread;
import io.penstock.server.targets.TargetRuntime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
  private final StreamEnd streamEnd;
  private final List<KeySpread.Slot> triedKeys = new ArrayList<>(0);
  private @Nullable Unaccepted unaccepted;
  private @Nullable Failure lastFailure;
  private @Nullable Leg lastFailed;
  private @Nullable Verdict lastRefusal;
  private boolean clientGone;
  private long total;

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
    this.streamEnd = new StreamEnd(this);
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

  /** Returns the keys that providers refused or held back, of whichever target. */
  List<KeySpread.Slot> triedKeys() {
    return triedKeys;
  }

  /** Returns what may keep a copy of it for others. */
  AnswerKeeper keeper() {
    return keeper;
  }

  /** Returns how a stream of it ends before its time. */
  StreamEnd streamEnd() {
    return streamEnd;
  }

  /**
   * Returns how long the call may go on, milliseconds: all attempts together have the longest
   * {@code total} of the targets asked so far.
   */
  long leftMillis(TargetRuntime asked) {
    return leftMillis(asked, System.nanoTime());
  }

  /** Does the same for a time that was just read. */
  long leftMillis(TargetRuntime asked, long now) {
    total = Math.max(total, asked.provider().timeouts().total());
    return total - TimeUnit.NANOSECONDS.toMillis(now - call.tally().startNanos());
  }

  /** Returns whether the client has left; the call may go on for others. */
  boolean isClientGone() {
    return clientGone;
  }

  /** Returns whether nobody waits for the answer: neither the client nor any who follow it. */
  boolean isForsaken() {
    return clientGone && !isFollowed();
  }

  /** Returns whether other calls wait for the answer of this one. */
  boolean isFollowed() {
    FlightLead lead = FlightLead.of(call);
    return lead != null && lead.isFollowed();
  }

  void clientGone() {
    clientGone = true;
  }

  /** Returns what the legs to come go on with; null while no stream was cut. */
  @Nullable Continuation from() {
    return streamEnd.from();
  }

  /** Keeps an answer that was turned down, for when there is no better one. */
  void keep(Unaccepted weak) {
    forgetUnaccepted();
    unaccepted = weak;
  }

  /** Returns whether there is a weak answer for when none better comes. */
  boolean hasUnaccepted() {
    return unaccepted != null;
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
      kept.serveAfterAll();
    }
    return kept != null;
  }

  /** There is no more time for a better answer: serves a weak one if there is one. */
  void serveWeakInstead(Throwable why) {
    if (why instanceof GatewayException && !call.isEnded() && call.tally().status() == 0) {
      try {
        servesUnaccepted();
      } catch (RuntimeException e) {
        // Logged; the client hears of it as of any other.
        Refusals.told(call, e);
      }
    }
  }

  /** The client has its answer. */
  void done(TargetRuntime by) {
    answered(by, 200);
    call.end(ending());
  }

  /** Returns how a call with an answer ends. */
  Ending ending() {
    return clientGone ? Ending.CLIENT_GONE : Ending.COMPLETED;
  }

  /** The client's answer had begun and could not be ended. */
  void brokenOff(TargetRuntime by) {
    answered(by, 502);
    call.end(Ending.UPSTREAM_FAILED);
  }

  /**
   * The gateway itself failed, or has no more time. The client hears of it as far as it still can:
   * by a status, by an event of the stream, or by its end. A failure is logged under the request's
   * id.
   *
   * @param asked the last target of which an attempt has a row; null for none
   */
  void broken(Throwable why, @Nullable TargetRuntime asked) {
    GatewayException told = Refusals.told(call, why);
    FlightLead.brokeOff(call, told);
    forgetUnaccepted();
    if (call.isEnded() || call.tally().status() != 0) {
      // The client has its answer, or has left; what was to follow failed.
      answer.close();
      call.end(Ending.UPSTREAM_FAILED);
      return;
    }
    if (answer.hasContent() && call.surface().arraySplit()) {
      // In the middle of an element, for all that is known here.
      answer.close();
      call.responder().abort();
    } else {
      endsWithEvent(told, told.code().status());
    }
    if (asked == null || !(why instanceof GatewayException)) {
      // Of a defect the rows of attempts need not tell: one may have ended well.
      engine.refuse(call, told);
    } else {
      engine.giveUp(call, told, asked);
    }
  }

  /** The client has left and nothing goes on. */
  void abandon() {
    forgetUnaccepted();
    answer.close();
    call.end(Ending.CLIENT_GONE);
  }

  /** A target failed: the client hears of the last when nobody answers. */
  void note(Leg by, Failure failure) {
    lastFailed = by;
    lastFailure = failure;
  }

  /** A budget refused a target: the client hears of it when no target failed. */
  void note(Verdict refusal) {
    lastRefusal = refusal;
  }

  /** Tells the client why nobody answers; returns false when no target was tried at all. */
  boolean giveUp() {
    Failure failure = lastFailure;
    Leg last = lastFailed;
    Verdict refusal = lastRefusal;
    if (failure != null && last != null) {
      fail(last, failure);
    } else if (refusal != null) {
      refuse(refusal);
    }
    return (failure != null && last != null) || refusal != null;
  }

  /** Tells the client what the provider said, or what the gateway makes of it. */
  void fail(Leg last, Failure failure) {
    if (servesUnaccepted() || streamEnd.breaksOff("")) {
      return;
    }
    String provider = last.target().provider().name();
    int status = ClientErrors.status(failure);
    if (!endsWithEvent(ClientErrors.exception(provider, failure), status)) {
      HttpHeaders headers = AnswerHeaders.failed(call, last);
      ClientErrors.reply(call, provider, failure, last.isTaken(), headers);
    }
    answered(last.target(), status);
    call.end(ClientErrors.ending(failure));
  }

  /** A budget or rate does not allow what would have to be asked. */
  void refuse(Verdict verdict) {
    if (servesUnaccepted()) {
      return;
    }
    // Here and not where it refused a target: the next one, or another model, may have answered.
    engine.budgetDenied(verdict);
    BudgetRefusals.note(call, verdict);
    refuse(BudgetRefusals.of(verdict), BudgetRefusals.rule(verdict));
  }

  /** Nothing can be asked. */
  void refuse(GatewayException why) {
    refuse(why, why.code().code());
  }

  private void refuse(GatewayException why, String rule) {
    if (servesUnaccepted()) {
      return;
    }
    if (from() != null) {
      engine.accounting().refusal(call, why.code().status(), why.code().code(), rule);
      streamEnd.breaksOff(". Nobody goes on with it: " + why.message());
      return;
    }
    endsWithEvent(why, why.code().status());
    engine.refuse(call, why, rule);
  }

  /**
   * Closes the answer. If its headers went out before any content, the error can only be an event:
   * returns whether they had.
   */
  private boolean endsWithEvent(GatewayException why, int status) {
    boolean begun = answer.isBegun();
    answer.close();
    if (begun) {
      call.responder().write(ClientErrors.event(call, status, why));
      call.responder().end();
    }
    return begun;
  }

  /** Notes what the client was answered, and by whom. */
  void answered(TargetRuntime by, int status) {
    call.tally().answered(status, by.provider().name(), by.shownModel());
  }
}

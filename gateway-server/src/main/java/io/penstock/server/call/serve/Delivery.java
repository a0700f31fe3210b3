package io.penstock.server.call.serve;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.core.Ending;
import io.penstock.core.FailureKind;
import io.penstock.core.route.RouteOptions;
import io.penstock.ledger.Waste;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Failure;
import io.penstock.server.call.accounting.Settled;
import io.penstock.server.call.attempt.AttemptListener;
import io.penstock.server.call.attempt.AttemptRun;
import io.penstock.server.call.reply.ResponseHeaders;
import io.penstock.server.call.reply.UpstreamId;
import io.penstock.server.call.reply.WholeAsStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The answer of one leg on its way to the client and to what keeps it: held while another leg may
 * still answer, judged where a cascade wants it judged, settled before its last byte goes out.
 * Confined to the call's loop.
 *
 * <pre>
 *   held --first content, or enough to judge--> open --> settled --> served
 *     |_____ turned down ____________________________> kept for when nothing better comes
 *     |_____ failed _________________________________> discarded
 * </pre>
 */
final class Delivery implements AttemptListener {
  /** A whole answer that is held for {@code resume: buffer} goes out when it grows over this. */
  private static final int MAX_HELD_BYTES = 16 << 20;

  private final Leg leg;
  private final LegListener owner;
  private final Serving serving;
  private final Aim aim;
  private final @Nullable Judge judge;
  private final Held held = new Held();
  private final long mostHeld;
  private @Nullable HttpHeaders headers;
  private String leftOut = "";
  private boolean content;
  private boolean open;
  private boolean rejected;

  /**
   * Whether a cascade has not accepted it, though it may be served: also one that is too long to
   * judge, or goes out as it comes.
   */
  private boolean unaccepted;

  /** A whole answer's, until it is served. */
  private @Nullable ByteBuf body;

  Delivery(Leg leg, LegListener owner, Serving serving, Aim aim, @Nullable Judge judge) {
    this.leg = leg;
    this.owner = owner;
    this.serving = serving;
    this.aim = aim;
    this.judge = judge;
    boolean buffered = aim.plan().options().resume() == RouteOptions.Resume.BUFFER;
    this.mostHeld = judge != null ? Judge.MOST_HELD_BYTES : buffered ? MAX_HELD_BYTES : 0;
    this.unaccepted = judge != null || Judge.isSpared(serving.call(), aim.candidate());
  }

  /**
   * The provider is asked.
   *
   * @param dropped the fields of the request that it cannot take
   * @param ofStream what a stream begins with; null for a whole answer
   */
  void starts(List<String> dropped, @Nullable HttpHeaders ofStream) {
    leftOut = ResponseHeaders.listed(dropped);
    headers = ofStream;
  }

  /** Offers the headers to the client, for when the hold time is over. */
  void offer() {
    if (headers != null && WholeAsStream.serves(serving.call())) {
      serving.answer().offer(headers, mostHeld > 0 || serving.hasUnaccepted());
    }
  }

  /** Returns whether the model has begun to answer. */
  boolean hasContent() {
    return content;
  }

  /** Returns whether the client sees what comes. */
  boolean isOpen() {
    return open;
  }

  /** From now on the client sees what was held and what comes. */
  void open() {
    if (open) {
      return;
    }
    open = true;
    serving.forgetUnaccepted();
    if (unaccepted) {
      serving.keeper().abstain();
    } else if (serving.from() == null) {
      serving.keeper().begin(aim.target(), aim.diverted(), leftOut);
    } else {
      serving.keeper().goOn(aim.target());
    }
    if (headers != null) {
      serving.answer().begin(headers);
    }
    held.giveTo(this::pass);
  }

  /** Forgets what is held. */
  void discard() {
    held.release();
    content = false;
    ByteBuf unserved = body;
    body = null;
    if (unserved != null) {
      unserved.release();
    }
  }

  @Override
  public boolean readsText() {
    return judge != null;
  }

  @Override
  public void onStreamBytes(AttemptRun attempt, ByteBuf bytes, boolean ofModel) {
    if (open) {
      pass(bytes);
    } else {
      hold(attempt, bytes, ofModel);
    }
    if (ofModel) {
      leg.onMore();
    }
  }

  private void hold(AttemptRun attempt, ByteBuf bytes, boolean ofModel) {
    boolean said = content || ofModel;
    boolean kept = false;
    // Before anything else, so that whatever fails they are released with the others.
    if (rejected || said && held.bytes() >= mostHeld) {
      held.addLast(bytes);
    } else {
      kept = held.add(bytes);
    }
    if (ofModel && !content) {
      leg.vitals().onFirstToken(attempt);
      begin(attempt);
    }
    if (!said && (!kept || held.isEndless())) {
      // To stop reading would not do: only content, which is then not read, would end the hold.
      attempt.fail(held.tooMuch());
    } else if (!kept && !rejected) {
      open();
    }
  }

  private void pass(ByteBuf bytes) {
    serving.keeper().take(bytes);
    serving.answer().stream(bytes);
  }

  private void begin(AttemptRun attempt) {
    content = true;
    if (headers != null) {
      UpstreamId.add(headers, aim.target().provider().dialect(), attempt.headers());
    }
    leg.onContent();
  }

  @Override
  public void onReadComplete(AttemptRun attempt) {
    if (open) {
      serving.answer().flush();
    }
  }

  @Override
  public @Nullable String onStreamSettle(AttemptRun attempt, AnswerSummary summary) {
    if (!content) {
      begin(attempt);
    }
    if (judge != null
        && !open
        && isRejected(judge.accepts(attempt.text(), held.pieces(), summary))) {
      return said(reject(attempt, summary));
    }
    open();
    Settled settled = succeeded(attempt, summary);
    return serving.from() == null
        ? said(settled)
        : settled.json("continued_by", aim.target().label());
  }

  private @Nullable String said(Settled settled) {
    if (mostHeld > 0 || serving.answer().isAnonymous()) {
      return settled.json("answered_by", aim.target().label());
    }
    return settled.isKnown() ? settled.json() : null;
  }

  /** An answer is only turned down for another that can be asked. */
  private boolean isRejected(boolean accepted) {
    unaccepted = !accepted;
    return !accepted && !serving.isForsaken() && owner.onUnaccepted(leg);
  }

  private Settled reject(AttemptRun attempt, AnswerSummary summary) {
    rejected = true;
    leg.vitals().onRejected(leg.account().believed(summary));
    return leg.account().settle(attempt.outcome(null, false), Ending.COMPLETED, Waste.CASCADE);
  }

  private Settled succeeded(AttemptRun attempt, AnswerSummary summary) {
    Settled settled =
        leg.account()
            .settle(
                attempt.outcome(null, serving.isClientGone()),
                serving.ending(),
                // Read to its end for nobody.
                serving.isForsaken() ? Waste.ABORTED : Waste.NONE);
    AnswerSummary believed = leg.account().believed(summary);
    serving.keeper().settled(aim.target(), believed.usage(), settled.costNanos());
    leg.onSuccess(attempt, believed);
    return settled;
  }

  @Override
  public void onStreamEnd(AttemptRun attempt) {
    leg.onOver();
    if (rejected) {
      owner.onRejected(leg, new Unaccepted(() -> serveHeld(attempt.status()), this::discard));
    } else {
      serveHeld(attempt.status());
    }
  }

  private void serveHeld(int status) {
    open();
    serving.keeper().streamEnded(status);
    serving.answer().end();
    serving.done(aim.target());
  }

  @Override
  public void onAnswer(AttemptRun attempt, Answer whole) {
    body = whole.body();
    if (!serving.keeper().takes(aim.target(), whole.body())) {
      leg.onFailed(
          attempt, Failure.of(FailureKind.MALFORMED, "it lacks vectors that were asked for"));
      return;
    }
    leg.onOver();
    leg.vitals().onWhole(attempt);
    begin(attempt);
    // Whether the client gets a stream of it is known once it is made.
    HttpHeaders ofStream = headers;
    headers = null;
    if (judge != null
        && whole.body().readableBytes() <= Judge.MOST_HELD_BYTES
        && isRejected(judge.accepts(ByteBufUtil.getBytes(whole.body()), whole.summary()))) {
      Settled settled = reject(attempt, whole.summary());
      owner.onRejected(
          leg, new Unaccepted(() -> serve(attempt, whole, settled, ofStream), this::discard));
      return;
    }
    open();
    serve(attempt, whole, succeeded(attempt, whole.summary()), ofStream);
  }

  private void serve(
      AttemptRun attempt, Answer whole, Settled settled, @Nullable HttpHeaders ofStream) {
    if (ofStream != null && streams(attempt, whole.body(), settled, ofStream)) {
      return;
    }
    HttpHeaders with = AnswerHeaders.whole(serving, leg, attempt, whole.contentType(), settled);
    body = null;
    serving.answer().whole(with, serving.keeper().whole(attempt.status(), whole.body()));
    serving.done(aim.target());
  }

  /** Serves a whole answer as the stream that was asked for; false when it cannot be one. */
  private boolean streams(
      AttemptRun attempt, ByteBuf whole, Settled settled, HttpHeaders ofStream) {
    ByteBuf events =
        WholeAsStream.serves(serving.call())
            ? WholeAsStream.events(serving.call(), whole, said(settled))
            : null;
    if (events == null && !serving.answer().isBegun()) {
      return false;
    }
    open();
    serving.answer().begin(ofStream);
    if (events == null) {
      // It is paid for, but what has gone out is the head of a stream.
      serving.call().responder().abort();
      serving.answer().close();
      serving.brokenOff(aim.target());
    } else {
      pass(events);
      serveHeld(attempt.status());
    }
    discard();
    return true;
  }

  @Override
  public void onFailed(AttemptRun attempt, Failure failure) {
    if (rejected) {
      // It broke after its last content; it had been judged and settled.
      onStreamEnd(attempt);
    } else {
      leg.onFailed(attempt, failure);
    }
  }
}

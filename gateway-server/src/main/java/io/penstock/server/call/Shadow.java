package io.penstock.server.call;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.penstock.budget.Ask;
import io.penstock.budget.Reservation;
import io.penstock.budget.Verdict;
import io.penstock.core.Ending;
import io.penstock.core.Endpoint;
import io.penstock.core.GatewayException;
import io.penstock.core.price.Usage;
import io.penstock.core.route.Candidate;
import io.penstock.core.route.RouteOptions;
import io.penstock.core.route.RouteSpec;
import io.penstock.core.route.RouteTable;
import io.penstock.core.route.TargetSpec;
import io.penstock.core.rule.Facts;
import io.penstock.ledger.Cause;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.RequestIds;
import io.penstock.ledger.Waste;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Attempt;
import io.penstock.providers.Failure;
import io.penstock.providers.translate.Replay;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * A copy of a call that was answered, asked of another target: never served, never retried, paid by
 * the shadow's own budget. It begins when the client has its answer, and what becomes of it tells
 * neither breakers nor keys anything. Confined to the call's loop.
 */
final class Shadow implements AttemptListener {
  /** Longer answers are not compared. */
  private static final int MAX_BYTES = 1 << 20;

  private final Call call;
  private final Engine engine;
  private final RouteOptions.Shadow setting;
  private final AnswerTap served;
  private final ByteArrayOutputStream copy = new ByteArrayOutputStream(1024);
  private @Nullable Account account;
  private String target = "";
  private long servedNanos;
  private long costNanos;

  private Shadow(Call call, Engine engine, RouteOptions.Shadow setting, AnswerTap served) {
    this.call = call;
    this.engine = engine;
    this.setting = setting;
    this.served = served;
  }

  /** Lets a share of a route's calls be copied once they are answered; before any attempt. */
  static void arm(Call call, Engine engine, RouteOptions.@Nullable Shadow setting) {
    if (setting == null
        || !Replay.serves(call.surface().endpoint())
        || ThreadLocalRandom.current().nextDouble() >= setting.share()) {
      return;
    }
    AnswerTap tap = new AnswerTap(call.responder());
    call.respondVia(tap);
    Shadow shadow = new Shadow(call, engine, setting, tap);
    call.onEnd(ending -> {
      if (ending == Ending.COMPLETED) {
        call.loop().execute(shadow::begin);
      }
    });
  }

  private void begin() {
    servedNanos = call.tally().spentNanos();
    RouteTable.Found route =
        new RouteTable.Found(
            setting.model(),
            new RouteSpec.Plain(TargetSpec.of(setting.model()), RouteOptions.DEFAULT),
            "");
    Candidate candidate =
        call.snapshot()
            .planner()
            .plan(
                route,
                call.facts(),
                new CallSurroundings(call, CallSurroundings.Scored.UNHEARD),
                ThreadLocalRandom.current().nextLong())
            .next("");
    TargetRuntime to = candidate == null ? null : call.snapshot().targets().find(candidate);
    target = to == null ? setting.model() : to.label();
    if (to == null || !engine.routing().shadows().enter()) {
      engine.routing().shadows().refused(call.destination().route(), target);
      return;
    }
    WorstCase worst = WorstCase.of(call, to, OutputCap.most(call, to, -1));
    long bound = worst.nanos();
    call.facts().target(to, bound);
    String purpose = RouteOptions.Shadow.budgetOf(call.destination().route());
    long likely = LikelyUse.tokens(call.bytes().length, worst.tokens());
    Ask ask = new Ask(bound, worst.tokens(), likely, "", purpose);
    decide(to, bound, engine.budgets().reserve(call.facts(), ask));
  }

  private void decide(TargetRuntime to, long bound, Verdict verdict) {
    switch (verdict) {
      case Verdict.Granted(Reservation hold) -> ask(to, bound, hold);
      case Verdict.Pending(var stage) ->
          stage.whenCompleteAsync((later, failed) -> decide(to, bound, later), call.loop());
      default -> notMade();
    }
  }

  private void notMade() {
    engine.routing().shadows().refused(call.destination().route(), target);
    engine.routing().shadows().leave();
  }

  private void ask(TargetRuntime to, long bound, Reservation hold) {
    try {
      Attempt attempt = to.provider().provider().attempt(to.call(call, -1));
      Account opened =
          engine
              .accounting()
              .open(
                  call,
                  to,
                  // Attempts count up from 1; one request has one shadow.
                  new LedgerRow.Attempt(call.id(), RequestIds.MAX_ATTEMPT, Cause.SHADOW),
                  RouteOptions.Shadow.budgetOf(call.destination().route()),
                  bound,
                  hold);
      account = opened;
      new AttemptRun(call.context(), to, attempt, call.stream(), opened.startNanos(), this)
          .start(to.provider().pickKey(), "", Long.MAX_VALUE);
    } catch (GatewayException e) {
      // This target cannot take the request, or the journal is full.
      hold.cancel();
      notMade();
    }
  }

  @Override
  public void onStreamBytes(AttemptRun attempt, ByteBuf bytes, boolean content) {
    keep(bytes);
    bytes.release();
  }

  private void keep(ByteBuf bytes) {
    if (copy.size() + bytes.readableBytes() <= MAX_BYTES) {
      try {
        bytes.getBytes(bytes.readerIndex(), copy, bytes.readableBytes());
      } catch (IOException e) {
        throw new IllegalStateException("a buffer in memory failed", e);
      }
    }
  }

  @Override
  public @Nullable String onStreamSettle(AttemptRun attempt, AnswerSummary complete) {
    settle(attempt, null, Ending.COMPLETED);
    return null;
  }

  @Override
  public void onStreamEnd(AttemptRun attempt) {
    byte[] body = Replay.aggregate(call.surface().endpoint(), copy.toByteArray(), Usage.NONE);
    finish(body);
  }

  @Override
  public void onAnswer(AttemptRun attempt, Answer answer) {
    settle(attempt, null, Ending.COMPLETED);
    byte[] body =
        answer.body().readableBytes() > MAX_BYTES ? null : ByteBufUtil.getBytes(answer.body());
    answer.body().release();
    finish(body);
  }

  @Override
  public void onReadComplete(AttemptRun attempt) {}

  @Override
  public void onFailed(AttemptRun attempt, Failure failure) {
    settle(attempt, failure, ClientErrors.ending(failure));
    engine.routing().shadows().failed(call.destination().route(), target);
    engine.routing().shadows().leave();
  }

  @Override
  public void onBroken(AttemptRun attempt, Throwable why) {
    Failure failure = Unreadable.broken(call, why);
    try {
      settle(attempt, failure, Ending.UPSTREAM_FAILED);
    } finally {
      engine.routing().shadows().failed(call.destination().route(), target);
      engine.routing().shadows().leave();
    }
  }

  private void settle(AttemptRun attempt, @Nullable Failure failure, Ending ending) {
    Account opened = account;
    if (opened != null) {
      account = null;
      costNanos = opened.settle(attempt.outcome(failure, false), ending, Waste.NONE).costNanos();
    }
  }

  private void finish(byte @Nullable [] body) {
    Idempotency.Stored answer = served.stored("");
    String route = call.destination().route();
    ShadowBoard board = engine.routing().shadows();
    if (body == null || answer == null) {
      board.failed(route, target);
      board.leave();
      return;
    }
    // Two texts of up to a MiB each, word by word: too long a turn for a loop.
    Thread.ofVirtual()
        .name("shadow")
        .start(() -> {
          try {
            byte[] shown = whole(answer.bytes());
            if (shown == null) {
              board.failed(route, target);
            } else {
              board.compared(route, target, compare(shown, body));
            }
          } finally {
            board.leave();
          }
        });
  }

  private byte @Nullable [] whole(byte[] sent) {
    return call.stream() ? Replay.aggregate(call.surface().endpoint(), sent, Usage.NONE) : sent;
  }

  private ShadowBoard.Compared compare(byte[] shown, byte[] shadowed) {
    Endpoint endpoint = call.surface().endpoint();
    Facts.ResponseFacts one = AnswerText.whole(endpoint, shown, AnswerSummary.NONE);
    Facts.ResponseFacts other = AnswerText.whole(endpoint, shadowed, AnswerSummary.NONE);
    return new ShadowBoard.Compared(
        servedNanos,
        costNanos,
        one.finish().equals(other.finish()),
        one.json() == other.json(),
        other.text().length() / (double) Math.max(1, one.text().length()),
        shared(words(one.text()), words(other.text())));
  }

  private static Set<String> words(String text) {
    return Set.copyOf(Arrays.asList(text.toLowerCase(Locale.ROOT).split("\\W+", -1)));
  }

  /** Words that both have over words that either has. */
  private static double shared(Set<String> one, Set<String> other) {
    Set<String> either = new HashSet<>(one);
    either.addAll(other);
    return (one.size() + other.size() - either.size()) / (double) either.size();
  }
}

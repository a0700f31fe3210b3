package io.penstock.server.call.side;

import io.penstock.core.Ending;
import io.penstock.core.Endpoint;
import io.penstock.core.GatewayException;
import io.penstock.core.price.Usage;
import io.penstock.core.route.RouteOptions;
import io.penstock.core.route.RouteSpec;
import io.penstock.core.route.RouteTable;
import io.penstock.core.route.TargetSpec;
import io.penstock.core.rule.Facts;
import io.penstock.ledger.Cause;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.RequestIds;
import io.penstock.providers.translate.Replay;
import io.penstock.server.call.Call;
import io.penstock.server.call.Guard;
import io.penstock.server.call.attempt.Unreadable;
import io.penstock.server.call.idempotency.AnswerTap;
import io.penstock.server.call.idempotency.Idempotency;
import io.penstock.server.call.serve.AnswerText;
import io.penstock.server.call.serve.CallSurroundings;
import io.penstock.server.call.serve.Engine;
import io.penstock.server.targets.ShadowBoard;
import io.penstock.server.targets.TargetRuntime;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * A copy of a call that was answered, asked of another target as a {@link SideCall} that the
 * shadow's own budget pays for. It begins when the client has its answer, and the two answers are
 * compared. Confined to the call's loop.
 */
public final class Shadow implements Guard.Owner {
  private final Call call;
  private final Engine engine;
  private final RouteOptions.Shadow setting;
  private final AnswerTap served;
  private final ShadowBoard board;
  private final Guard guard;
  private String target = "";
  private long servedNanos;
  private boolean entered;

  private Shadow(Call call, Engine engine, RouteOptions.Shadow setting, AnswerTap served) {
    this.call = call;
    this.engine = engine;
    this.setting = setting;
    this.served = served;
    this.board = engine.routing().shadows();
    this.guard = new Guard(call, this);
  }

  /** Lets a share of a route's calls be copied once they are answered; before any attempt. */
  public static void arm(Call call, Engine engine, RouteOptions.@Nullable Shadow setting) {
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
        shadow.guard.execute(shadow::begin);
      }
    });
  }

  private String route() {
    return call.destination().route();
  }

  private void begin() {
    servedNanos = call.tally().spentNanos();
    target = setting.model();
    TargetRuntime to =
        CallSurroundings.first(
            call,
            new RouteTable.Found(
                setting.model(),
                new RouteSpec.Plain(TargetSpec.of(setting.model()), RouteOptions.DEFAULT),
                ""));
    if (to != null) {
      target = to.label();
      entered = board.enter();
    }
    if (to == null || !entered) {
      board.refused(route(), target);
      return;
    }
    String budget = RouteOptions.Shadow.budgetOf(route());
    // Attempts count up from 1; one request has one shadow.
    LedgerRow.Attempt row = new LedgerRow.Attempt(call.id(), RequestIds.MAX_ATTEMPT, Cause.SHADOW);
    guard.when(
        SideCall.make(call, engine, () -> SideCall.Order.again(call, to, row, budget, budget)),
        this::answered);
  }

  private void answered(SideCall.@Nullable Made made, @Nullable Throwable failed) {
    Idempotency.Stored answer = made == null ? null : served.stored("");
    if (made == null || answer == null) {
      if (failed instanceof SideCall.NoMoneyException || failed instanceof GatewayException) {
        board.refused(route(), target);
      } else {
        board.failed(route(), target);
      }
      leave();
      return;
    }
    // Two texts of up to a MiB each, word by word: too long a turn for a loop.
    Thread.ofVirtual()
        .name("shadow")
        .start(() -> {
          try {
            byte[] shown = whole(answer.bytes());
            if (shown == null) {
              board.failed(route(), target);
            } else {
              board.compared(route(), target, compare(shown, made));
            }
          } finally {
            board.leave();
          }
        });
    entered = false;
  }

  private void leave() {
    if (entered) {
      entered = false;
      board.leave();
    }
  }

  @Override
  public void broken(Throwable why) {
    Unreadable.broken(call, why);
    board.failed(route(), target);
    leave();
  }

  private byte @Nullable [] whole(byte[] sent) {
    return call.stream() ? Replay.aggregate(call.surface().endpoint(), sent, Usage.NONE) : sent;
  }

  private ShadowBoard.Compared compare(byte[] shown, SideCall.Made shadow) {
    Endpoint endpoint = call.surface().endpoint();
    Facts.ResponseFacts one = AnswerText.inOwnWords(endpoint, shown);
    Facts.ResponseFacts other = AnswerText.inOwnWords(endpoint, shadow.body());
    return new ShadowBoard.Compared(
        servedNanos,
        shadow.paid().costNanos(),
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

package io.penstock.server.call.side;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.penstock.budget.Ask;
import io.penstock.budget.Reservation;
import io.penstock.budget.Verdict;
import io.penstock.cache.CacheEntry;
import io.penstock.core.Ending;
import io.penstock.core.GatewayException;
import io.penstock.core.price.Usage;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.Waste;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Attempt;
import io.penstock.providers.Failure;
import io.penstock.providers.translate.Replay;
import io.penstock.server.call.Call;
import io.penstock.server.call.Guard;
import io.penstock.server.call.accounting.Account;
import io.penstock.server.call.accounting.OutputCap;
import io.penstock.server.call.accounting.WorstCase;
import io.penstock.server.call.attempt.AttemptListener;
import io.penstock.server.call.attempt.AttemptOutcome;
import io.penstock.server.call.attempt.AttemptRun;
import io.penstock.server.call.attempt.Unreadable;
import io.penstock.server.call.attempt.Watched;
import io.penstock.server.call.reply.BudgetRefusals;
import io.penstock.server.call.reply.ClientErrors;
import io.penstock.server.call.reply.ResponseHeaders;
import io.penstock.server.call.serve.Engine;
import io.penstock.server.call.serve.LikelyUse;
import io.penstock.server.call.serve.Outgoing;
import io.penstock.server.targets.TargetRuntime;
import java.io.ByteArrayOutputStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A call that the gateway makes for itself on behalf of a client's: held on budgets, recorded and
 * settled like any, never retried, never served. What becomes of it tells neither breakers nor keys
 * anything. Confined to the client's call's loop, which it may outlive.
 */
final class SideCall implements AttemptListener, Guard.Owner {
  /** Longer answers are of no use. */
  private static final int MAX_BYTES = 1 << 20;

  private final Call call;
  private final Engine engine;
  private final Order order;
  private final Guard guard;
  private final CompletableFuture<Made> answer = new CompletableFuture<>();
  private final ByteArrayOutputStream events = new ByteArrayOutputStream(1024);
  private @Nullable Account account;
  private @Nullable AttemptRun run;
  private CacheEntry.@Nullable Paid paid;
  private String finish = "";

  /**
   * What came of it.
   *
   * @param body the whole answer in the client's dialect
   * @param paid what it cost, and where
   * @param finish why the model stopped, as in {@link AnswerSummary}
   */
  record Made(byte[] body, CacheEntry.Paid paid, String finish) {}

  /**
   * What to ask.
   *
   * @param stream whether the attempt asks for a stream
   * @param number the row, with its cause
   * @param reason as in {@code x-penstock-route}
   * @param purpose the budget that pays for it, in place of the client's; "": the client's do
   */
  record Order(
      TargetRuntime target,
      Attempt attempt,
      boolean stream,
      LedgerRow.Attempt number,
      String reason,
      String purpose,
      WorstCase worst) {
    /** Returns the client's own request, as another target would be asked. */
    static Order again(
        Call call, TargetRuntime target, LedgerRow.Attempt number, String reason, String purpose) {
      return new Order(
          target,
          target.provider().provider().attempt(Outgoing.request(call, target, -1)),
          call.stream(),
          number,
          reason,
          purpose,
          WorstCase.of(call, target, OutputCap.most(call, target, -1)));
    }
  }

  /** A budget has no money for it. */
  static final class NoMoneyException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NoMoneyException(String budget) {
      super("no money for it left in the budget " + budget, null, false, false);
    }
  }

  private SideCall(Call call, Engine engine, Order order) {
    this.call = call;
    this.engine = engine;
    this.order = order;
    this.guard = new Guard(call, this);
  }

  /**
   * Makes the call; on the client's call's loop. Completes there with the whole answer in the
   * client's dialect. Fails with {@link NoMoneyException} when a budget has none for it, with a
   * {@link GatewayException} when it cannot be asked or recorded, with anything else when the
   * target gave no answer; in every case nothing is held then.
   *
   * @param what what to ask; may throw
   */
  static CompletionStage<Made> make(Call call, Engine engine, Supplier<Order> what) {
    SideCall side;
    try {
      side = new SideCall(call, engine, what.get());
    } catch (RuntimeException | Error e) {
      return CompletableFuture.failedStage(told(call, e));
    }
    side.guard.run(side::reserve);
    return side.answer;
  }

  private void reserve() {
    call.facts().target(order.target, order.worst.nanos());
    Verdict verdict;
    try {
      long likely = LikelyUse.tokens(order.attempt.request().body().length, order.worst.tokens());
      Ask ask = new Ask(order.worst.nanos(), order.worst.tokens(), likely, "", order.purpose);
      verdict = engine.budgets().reserve(call.facts(), ask);
    } finally {
      call.facts().target(null, 0);
    }
    decide(verdict);
  }

  private void decide(Verdict verdict) {
    switch (verdict) {
      case Verdict.Granted(Reservation hold) -> start(hold);
      case Verdict.Pending(var stage) -> guard.whenThere(stage, this::decide);
      default -> answer.completeExceptionally(new NoMoneyException(BudgetRefusals.rule(verdict)));
    }
  }

  private void start(Reservation hold) {
    Account opened;
    try {
      opened =
          engine
              .accounting()
              .open(call, order.target, order.number, order.reason, order.worst, hold);
    } catch (RuntimeException | Error e) {
      hold.cancel();
      throw e;
    }
    account = opened;
    opened.asks(order.attempt.request().body());
    AttemptRun started =
        new AttemptRun(
            call.context(),
            order.target,
            order.attempt,
            order.stream,
            opened.startNanos(),
            new Watched(this, guard));
    run = started;
    started.start(order.target.provider().pickKey(), "", Long.MAX_VALUE);
  }

  private void fail(String why) {
    answer.completeExceptionally(new IllegalStateException(why));
  }

  @Override
  public void onStreamBytes(AttemptRun attempt, ByteBuf bytes, boolean content) {
    if (events.size() + bytes.readableBytes() <= MAX_BYTES) {
      events.writeBytes(ByteBufUtil.getBytes(bytes));
    }
    bytes.release();
  }

  @Override
  public @Nullable String onStreamSettle(AttemptRun attempt, AnswerSummary complete) {
    settle(attempt, null, Ending.COMPLETED);
    return null;
  }

  @Override
  public void onStreamEnd(AttemptRun attempt) {
    Usage usage = paid == null ? Usage.NONE : paid.usage();
    made(
        Replay.aggregate(call.surface().endpoint(), events.toByteArray(), usage),
        "the stream was not whole");
  }

  private void made(byte @Nullable [] body, String orElse) {
    CacheEntry.Paid by = paid;
    if (body == null || by == null) {
      fail(orElse);
    } else {
      answer.complete(new Made(body, by, finish));
    }
  }

  @Override
  public void onAnswer(AttemptRun attempt, Answer whole) {
    byte[] body;
    try {
      settle(attempt, null, Ending.COMPLETED);
      body = whole.body().readableBytes() > MAX_BYTES ? null : ByteBufUtil.getBytes(whole.body());
    } finally {
      whole.body().release();
    }
    made(body, "the answer is over " + MAX_BYTES + " bytes");
  }

  @Override
  public void onReadComplete(AttemptRun attempt) {}

  @Override
  public void onFailed(AttemptRun attempt, Failure failure) {
    settle(attempt, failure, ClientErrors.ending(failure));
    fail(ClientErrors.message(order.target.provider().name(), failure));
  }

  @Override
  public void broken(Throwable why) {
    try {
      if (run != null) {
        run.cancel();
      }
    } finally {
      if (account != null) {
        account.broken(run, why);
      }
      answer.completeExceptionally(told(call, why));
    }
  }

  /** Returns what its failure is told as; a defect is logged. */
  private static RuntimeException told(Call call, Throwable why) {
    return why instanceof GatewayException refusal
        ? refusal
        : new IllegalStateException(Unreadable.broken(call, why).message());
  }

  private void settle(AttemptRun attempt, @Nullable Failure failure, Ending ending) {
    Account opened = account;
    if (opened != null && !opened.isSettled()) {
      AttemptOutcome outcome = attempt.outcome(failure, false);
      long cost = opened.settle(outcome, ending, Waste.NONE).costNanos();
      TargetRuntime by = order.target;
      finish = outcome.summary().finish();
      paid =
          new CacheEntry.Paid(
              by.provider().name(),
              by.model(),
              opened.believed(outcome.summary()).usage(),
              cost,
              ResponseHeaders.listed(order.attempt.dropped()));
    }
  }
}

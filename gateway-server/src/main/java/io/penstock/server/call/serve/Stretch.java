package io.penstock.server.call.serve;

import io.penstock.budget.Limit;
import io.penstock.budget.Verdict;
import io.penstock.server.call.Call;
import io.penstock.server.call.accounting.Account;
import io.penstock.server.call.accounting.WorstCase;
import io.penstock.server.targets.TargetRuntime;
import java.util.Objects;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A stream that holds less than it may cost, because its target's answers are mostly short: it asks
 * for as much again when 80 % of the output held has been sent, stops reading when all of it has
 * and no answer has come, and is cut when there is no more. Confined to the call's loop.
 */
final class Stretch {
  /** No tokeniser makes more tokens of a text, short codes and rare scripts apart. */
  private static final long BYTES_PER_TOKEN = 3;

  /** Fewer tokens more are not worth a question. */
  private static final long LEAST = 32;

  private final Money money;
  private final Stream stream;
  private final long most;
  private long held;
  private long pieces;
  private boolean asking;
  private boolean waiting;
  private boolean cut;
  private @Nullable Verdict refusal;

  /** The money of a call's attempt. */
  private record Attempt(Call call, TargetRuntime target, Account account, Executor loop)
      implements Money {
    @Override
    public long bound(long outputTokens) {
      return WorstCase.of(call, target, outputTokens).nanos();
    }

    @Override
    public Verdict extend(long bound, long tokens) {
      return account.extend(bound, tokens);
    }

    @Override
    public void extended(long bound) {
      account.extended(bound);
    }

    @Override
    public boolean isSettled() {
      return account.isSettled();
    }
  }

  /** The stream that is stretched. */
  interface Stream {
    /** Returns the bytes of text sent so far. */
    long relayedBytes();

    void setPaused(boolean paused);

    /** There is no money for more. */
    void cutShort(Verdict why);
  }

  /** What pays for it. */
  interface Money {
    /** Returns what the attempt costs at most with so many output tokens, nano-USD. */
    long bound(long outputTokens);

    /** Asks for so many tokens more, up to that bound; a later answer comes on any thread. */
    Verdict extend(long bound, long tokens);

    /** They were granted. */
    void extended(long bound);

    boolean isSettled();

    /** Where the stream runs, and hears of what is thrown there. */
    Executor loop();
  }

  /**
   * Begins with what is held.
   *
   * @param held output tokens
   * @param most the longest answer of the target, output tokens
   * @param loop the call's; what a task of its throws ends the call
   */
  Stretch(
      Call call,
      TargetRuntime target,
      Account account,
      long held,
      long most,
      Stream stream,
      Executor loop) {
    this(new Attempt(call, target, account, loop), held, most, stream);
  }

  Stretch(Money money, long held, long most, Stream stream) {
    this.money = money;
    this.held = held;
    this.most = most;
    this.stream = stream;
  }

  /** More content has been sent. */
  void onContent() {
    pieces++;
    look();
  }

  private void look() {
    // Where text is sent token by token, short ones and rare scripts are counted all the same.
    long used = Math.max(stream.relayedBytes() / BYTES_PER_TOKEN + 1, pieces);
    Verdict no = refusal;
    if (cut || held >= most) {
      return;
    }
    if (no != null) {
      // A tenth is left for what the provider sends until it hears of the cut.
      if (used >= held - held / 10) {
        cut = true;
        stream.cutShort(no);
      }
    } else if (asking) {
      if (used >= held && !waiting) {
        waiting = true;
        stream.setPaused(true);
      }
    } else if (used >= held - held / 5) {
      ask(Math.min(held, most - held));
    }
  }

  /** Returns the tokens that fit, fewer than were refused; 0 when nobody can tell. */
  private long affordable(Verdict refused, long tokens, long bound) {
    if (!(refused instanceof Verdict.Denied denied)) {
      return 0;
    }
    boolean inMoney = denied.limit().unit() == Limit.Unit.NANO_USD;
    long each = inMoney ? (bound - money.bound(held) + tokens - 1) / tokens : 1;
    return each <= 0 ? 0 : Math.min(denied.affordable() / each, tokens - 1);
  }

  private void ask(long tokens) {
    asking = true;
    long bound = money.bound(held + tokens);
    decide(tokens, bound, money.extend(bound, tokens));
  }

  private void decide(long tokens, long bound, Verdict verdict) {
    if (verdict instanceof Verdict.Pending(var stage)) {
      stage.whenComplete((later, failed) ->
          money
              .loop()
              .execute(() -> decide(tokens, bound, Objects.requireNonNull(later, "no verdict"))));
      return;
    }
    asking = false;
    if (cut || money.isSettled()) {
      return;
    }
    if (verdict instanceof Verdict.Granted) {
      money.extended(bound);
      held += tokens;
    } else {
      long fewer = affordable(verdict, tokens, bound);
      if (fewer >= LEAST) {
        ask(fewer);
        return;
      }
      refusal = verdict;
    }
    if (waiting) {
      waiting = false;
      stream.setPaused(false);
    }
    look();
  }
}

package io.penstock.server.call.serve;

import io.penstock.core.FailureKind;
import io.penstock.core.price.Usage;
import io.penstock.core.route.HealthBoard;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Failure;
import io.penstock.server.call.Call;
import io.penstock.server.call.LoopTimer;
import io.penstock.server.call.attempt.AttemptRun;
import io.penstock.server.targets.KeySpread;
import io.penstock.server.targets.RestingKeys;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What one leg of a call tells the boards of its target. Confined to the call's loop. */
final class Vitals {
  private final Engine engine;
  private final HealthBoard health;
  private final Aim aim;
  private final String name;
  private final Renewal renewal;

  /** When the attempt was let through, on the engine's ticker. */
  private long begunNanos;

  /** Of the whole call: each key is good for one attempt that is not counted, at any target. */
  private final List<KeySpread.Slot> tried;

  Vitals(Serving serving, Aim aim) {
    this.engine = serving.engine();
    this.tried = serving.triedKeys();
    this.health = engine.routing().health();
    this.aim = aim;
    this.name = aim.target().label();
    this.renewal = new Renewal(serving.call().guard());
    this.begunNanos = engine.ticker().nanoTime();
  }

  /** Returns the keys with which this call was refused or held back. */
  List<KeySpread.Slot> tried() {
    return tried;
  }

  /** Returns whether the target may be asked again; counts it as a probe when one is due. */
  boolean tryAgain() {
    boolean again = health.tryAgain(name);
    begunNanos = engine.ticker().nanoTime();
    return again;
  }

  void onFirstToken(AttemptRun run) {
    health.onFirstToken(name, System.nanoTime() - run.startNanos());
  }

  void onWhole(AttemptRun run) {
    health.onWhole(name, System.nanoTime() - run.startNanos());
  }

  /**
   * The attempt was given up before the model had said anything: it is at least as slow as that.
   */
  void onSilence(AttemptRun run, boolean stream) {
    health.onSilence(name, stream, System.nanoTime() - run.startNanos());
  }

  /** The answer is complete; what is sticky, or asks for a stored answer, finds this target. */
  void onSuccess(Call call, AttemptRun run, AnswerSummary summary) {
    for (String id : summary.stored()) {
      engine.responses().note(id, call.principal(), aim.target().provider().name());
    }
    Usage usage = summary.usage();
    health.onSuccess(name, usage.outputTokens(), begunNanos);
    PromptCache warm = PromptCache.after(aim.target().price(), usage, call.startMillis());
    KeySpread.Slot key = run.key();
    String keyName = key == null ? "" : key.name();
    aim.plan().answered(aim.candidate(), keyName, warm.tokens(), warm.ttlNanos());
  }

  /** The answer is complete and another will be asked for. */
  void onRejected(AnswerSummary summary) {
    health.onSuccess(name, summary.usage().outputTokens(), begunNanos);
  }

  /** The attempt was never made, or stopped. */
  void onAbandoned() {
    health.onAbandoned(name);
  }

  /**
   * The attempt failed. A key that was refused or held back is set aside, a credential that was
   * fetched is fetched anew, and while there is another one that was not tried the target itself
   * has shown that it is there. Any other failure is the target's. Returns whether another key
   * could be tried.
   */
  boolean onFailure(AttemptRun run, Failure failure) {
    long now = engine.ticker().epochMillis();
    RestingKeys.failed(run.key(), failure, now);
    aim.plan().failed(aim.candidate(), failure.kind());
    KeySpread.Slot key = failure.kind().isOfKey() ? run.key() : null;
    if (key != null) {
      tried.add(key);
    }
    boolean hasOther = key != null && aim.target().provider().keys().hasOther(tried);
    boolean renewed = key != null && !hasOther && isRenewed(key, run, failure);
    if (!renewed) {
      RestingKeys.tell(aim.target().provider(), run.key(), failure, now);
    }
    boolean otherKey = hasOther || renewed;
    if (otherKey) {
      health.onSuccess(name, 0);
    } else {
      health.onFailure(name, failure.kind(), failure.retryAfterMillis());
    }
    return otherKey;
  }

  private boolean isRenewed(KeySpread.Slot key, AttemptRun run, Failure failure) {
    long age = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - run.startNanos());
    return failure.kind() == FailureKind.CREDENTIALS
        && renewal.ask(key, engine.ticker().epochMillis() - age);
  }

  /** Goes on when the time is over, or the credential that was asked for is there. */
  void retry(long waitMillis, LoopTimer timer, Runnable again) {
    renewal.start(timer, TimeUnit.MILLISECONDS.toNanos(waitMillis), again);
  }
}

package io.penstock.server.call.serve;

import io.penstock.core.route.AttemptPolicy;
import io.penstock.core.route.ShareBudget;
import io.penstock.providers.Failure;
import io.penstock.server.call.LoopTimer;
import org.jspecify.annotations.Nullable;

/**
 * Whether, and when, the target of a leg is asked again after an attempt failed, or another one is.
 * Confined to the call's loop.
 */
final class Retries {
  private final Serving serving;
  private final Aim aim;
  private final Vitals vitals;
  private final LoopTimer pause;
  private int made;
  private boolean waits;

  Retries(Serving serving, Aim aim, Vitals vitals) {
    this.serving = serving;
    this.aim = aim;
    this.vitals = vitals;
    this.pause = new LoopTimer(serving.call().guard());
  }

  /**
   * Decides what to do after a failed attempt of which the client has seen nothing.
   *
   * @param otherKey whether the provider has another key that is fit and was not tried yet
   */
  AttemptPolicy.Decision after(Failure failure, boolean otherKey) {
    return serving.isForsaken()
        ? new AttemptPolicy.GiveUp("client gone")
        : aim.after(
            failure,
            made,
            otherKey,
            serving.answer().isBegun(),
            Math.min(serving.leftMillis(aim.target()), patience()),
            budget());
  }

  /** What comes when nobody waits any more is paid for and thrown away; those who follow wait. */
  private long patience() {
    return serving.isFollowed() ? Long.MAX_VALUE : Patience.leftMillis(serving.call());
  }

  /** Returns why another leg may go on with this one's stream, which was cut; null when not. */
  @Nullable String goesOn(Failure failure) {
    return aim.goesOn(failure, serving.leftMillis(aim.target()), budget());
  }

  private ShareBudget budget() {
    return serving.engine().routing().retries(aim.target().provider());
  }

  /** Asks again when the time for it has come, unless {@link #cancel} comes before. */
  void later(AttemptPolicy.Retry retry, Runnable again) {
    made += retry.otherKey() ? 0 : 1;
    // Of the provider's making: who reads overhead looks for what keeps the gateway busy.
    serving.call().tally().upstreamBegins();
    waits = true;
    vitals.retry(
        retry.waitMillis(),
        pause,
        () -> {
          waited();
          again.run();
        });
  }

  private void waited() {
    if (waits) {
      waits = false;
      serving.call().tally().upstreamEnds();
    }
  }

  void cancel() {
    pause.cancel();
    waited();
  }
}

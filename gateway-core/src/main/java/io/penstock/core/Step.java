package io.penstock.core;

import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** What a {@link Filter} decided. {@link #next()} is a shared constant and allocates nothing. */
public sealed interface Step {
  /** Go on with the next filter. */
  static Step next() {
    return Next.INSTANCE;
  }

  /** Stop here and answer the client. */
  static Step reply(Reply reply) {
    return new Answer(reply);
  }

  /**
   * Pause until {@code stage} completes, then take the step that {@code then} gives for its value.
   *
   * <p>{@code then} runs on the exchange's loop, whatever thread completed the stage. It runs even
   * if the client has left meanwhile, so that what the stage acquired can be handed to {@link
   * Exchange#onEnd}, which gives it back at once; the step it returns is then dropped. A stage that
   * fails is handled as if the filter had thrown.
   */
  static <T> Step await(CompletionStage<T> stage, Function<? super T, Step> then) {
    return new Await<>(stage, then);
  }

  /** See {@link #next()}. */
  enum Next implements Step {
    INSTANCE
  }

  /** See {@link #reply}. */
  record Answer(Reply reply) implements Step {}

  /** See {@link #await}. */
  record Await<T>(CompletionStage<T> stage, Function<? super T, Step> then) implements Step {}
}

package io.penstock.server.call;

import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The loop of a call as its tasks see it: whatever one of them throws is told to the owner, once,
 * who ends what the tasks were for. Nobody else hears of it: behind a timer, a store's answer or a
 * connection that has done its part there is only the loop, and a client would wait for ever.
 * Confined to the loop, {@link #execute} and the answers of stores apart.
 */
public final class Guard implements Executor {
  private static final Logger LOG = LoggerFactory.getLogger(Guard.class);

  private final Call call;
  private final EventExecutor loop;
  private final Owner owner;
  private boolean broken;

  /** What the tasks are for. */
  @FunctionalInterface
  public interface Owner {
    /**
     * A task has thrown, or a store gave no answer: gives back what is held, tells whoever waits,
     * ends, and logs the cause. Called once, on the loop.
     */
    void broken(Throwable why);
  }

  /** Creates the guard of what that call does, or of what is done for it once it is over. */
  public Guard(Call call, Owner owner) {
    this.call = call;
    this.loop = call.loop();
    this.owner = owner;
  }

  /** Runs a task now. */
  public void run(Runnable task) {
    try {
      task.run();
    } catch (Throwable e) {
      broken(e);
    }
  }

  /** Runs a task later, on the loop; from any thread. */
  @Override
  public void execute(Runnable task) {
    loop.execute(() -> run(task));
  }

  /** Runs a timer, which guards its task itself, when so many nanoseconds are over. */
  ScheduledFuture<?> schedule(LoopTimer timer, long nanos) {
    return loop.schedule(timer, nanos, TimeUnit.NANOSECONDS);
  }

  /** Takes an answer that comes on any thread, or that there is none. */
  public <T> void when(
      CompletionStage<T> stage, BiConsumer<@Nullable T, @Nullable Throwable> then) {
    stage.whenComplete((value, failed) -> execute(() -> then.accept(value, failed)));
  }

  /** Takes an answer that always comes: a stage that fails is a defect. */
  public <T extends @Nullable Object> void whenThere(CompletionStage<T> stage, Consumer<T> then) {
    stage.whenComplete((value, failed) ->
        execute(() -> {
          if (failed != null) {
            throw new IllegalStateException("a store gave no answer", failed);
          }
          then.accept(value);
        }));
  }

  /** Tells the owner what was thrown. */
  public void broken(Throwable why) {
    if (broken) {
      log(why, "what was given up because of a defect failed once more");
      return;
    }
    broken = true;
    try {
      owner.broken(why);
    } catch (Throwable e) {
      log(e, "what met a defect could not be ended in order");
    }
  }

  private void log(Throwable why, String what) {
    LOG.atError().addKeyValue("request", call.idText()).setCause(why).log(what);
  }
}

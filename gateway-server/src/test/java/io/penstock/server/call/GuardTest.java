package io.penstock.server.call;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.DefaultEventLoop;
import io.penstock.core.Endpoint;
import io.penstock.testkit.FakeTicker;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Whatever a task of a call throws reaches who can end it: once, on the loop. */
class GuardTest {
  private final DefaultEventLoop loop = new DefaultEventLoop();
  private final BlockingQueue<Throwable> told = new LinkedBlockingQueue<>();
  private final Guard guard = new Guard(call(), this::broken);

  private Call call() {
    FakeTicker ticker = FakeTicker.at("2026-11-21T12:00:00Z");
    return Parts.call(Parts.context(loop, ticker, new NoLedger()), Endpoint.CHAT, "");
  }

  private void broken(Throwable why) {
    assertThat(loop.inEventLoop()).isTrue();
    told.add(why);
  }

  @AfterEach
  void stop() {
    loop.shutdownGracefully();
  }

  private @Nullable Throwable next() throws InterruptedException {
    return told.poll(60, TimeUnit.SECONDS);
  }

  /** Runs what was given to the loop before. */
  private void settle() throws Exception {
    loop.submit(() -> {}).get(60, TimeUnit.SECONDS);
  }

  private static void fail() {
    throw new IllegalStateException("a defect");
  }

  @Test
  void execute_throws_isTold_andWhatFollowsNotAgain() throws Exception {
    guard.execute(GuardTest::fail);
    guard.execute(GuardTest::fail);
    assertThat(next()).hasMessage("a defect");
    settle();
    assertThat(told).isEmpty();
  }

  @Test
  void execute_throwsAnError_isTold() throws Exception {
    guard.execute(() -> {
      throw new StackOverflowError("deep");
    });
    assertThat(next()).hasMessage("deep");
  }

  @Test
  void timer_throws_isTold() throws Exception {
    loop.submit(() -> new LoopTimer(guard).start(1, GuardTest::fail)).get();
    assertThat(next()).hasMessage("a defect");
  }

  @Test
  void timer_cancelled_runsNothing() throws Exception {
    loop.submit(
            () -> {
              LoopTimer timer = new LoopTimer(guard);
              timer.start(1, GuardTest::fail);
              timer.cancel();
              timer.start(TimeUnit.HOURS.toNanos(1), GuardTest::fail);
              assertThat(timer.isStarted()).isTrue();
            })
        .get();
    settle();
    assertThat(told).isEmpty();
  }

  @Test
  void late_answerThatCannotBeTaken_isTold() throws Exception {
    CompletableFuture<String> store = new CompletableFuture<>();
    guard.whenThere(store, answer -> fail());
    store.complete("late");
    assertThat(next()).hasMessage("a defect");
  }

  @Test
  void late_noAnswer_isTold_withItsCause() throws Exception {
    CompletableFuture<String> store = new CompletableFuture<>();
    guard.whenThere(store, answer -> {});
    store.completeExceptionally(new IllegalStateException("away"));
    Throwable why = next();
    assertThat(why).isNotNull().hasRootCauseMessage("away");
  }

  @Test
  void owner_throwsToo_leavesTheLoopAlive() throws Exception {
    Guard worse = new Guard(call(), why -> fail());
    worse.execute(GuardTest::fail);
    settle();
    worse.execute(() -> told.add(new IllegalStateException("went on")));
    assertThat(next()).hasMessage("went on");
  }
}

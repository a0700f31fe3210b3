package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

final class WatchesTest {
  @Test
  void loopWatch_parkedLoop_namesTheMethod() throws Exception {
    MultiThreadIoEventLoopGroup group =
        new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    LoopWatch watch = new LoopWatch().start();

    group.submit(() -> LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20))).sync();

    assertThat(watch.stop()).singleElement().asString().contains("WatchesTest");
    group.shutdownGracefully(0, 0, TimeUnit.SECONDS).sync();
  }

  @Test
  void fakeTicker_jump_movesOnlyTheWallClock() {
    FakeTicker ticker = FakeTicker.at("2026-11-21T12:00:00Z");
    ticker.advance(Duration.ofMillis(1500));
    ticker.jumpTo("2026-11-21T11:00:00Z");

    assertThat(ticker.nanoTime()).isEqualTo(1_500_000_000L);
    assertThat(ticker.epochMillis()).isEqualTo(1_795_258_800_000L);
  }

  @Test
  void gate_open_letsThrough() {
    Gate gate = new Gate("first");
    Thread passing = Thread.startVirtualThread(gate::pass);

    gate.awaitArrival();
    assertThat(gate.isOpen()).isFalse();
    gate.open();

    Await.until("the thread has passed", () -> !passing.isAlive());
  }
}

package io.penstock.server.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.DefaultChannelId;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.local.LocalServerChannel;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** A connection whose client takes what it is told to take, at times it is told. */
final class SlowChannel extends EmbeddedChannel {
  private final MockTicker ticker;
  private final StringBuilder taken = new StringBuilder();
  private int allowed;

  private SlowChannel(MockTicker ticker) {
    // Of its own, for the sets of open channels.
    super(
        builder()
            .ticker(ticker)
            .parent(new LocalServerChannel()) // else HTTP/2 takes it for a client's
            .channelId(DefaultChannelId.newInstance()));
    this.ticker = ticker;
    config().setWriteBufferWaterMark(new WriteBufferWaterMark(32 * 1024, 128 * 1024));
  }

  static SlowChannel create() {
    return new SlowChannel(Ticker.newMockTicker());
  }

  /** Adds a handler that needs its channel to be made. */
  SlowChannel with(ChannelHandler... handlers) {
    pipeline().addLast(handlers);
    return this;
  }

  void send(String text) {
    writeInbound(Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII));
  }

  /** Takes so many of the pieces that wait. */
  void take(int pieces) {
    allowed = pieces;
    unsafe().flush();
    allowed = 0;
    runPendingTasks();
  }

  /** Takes all there is, also of answers that come only then. */
  void takeAll() {
    allowed = Integer.MAX_VALUE;
    unsafe().flush();
    runPendingTasks();
    allowed = 0;
  }

  /** Takes from now on whatever comes, as it comes; or nothing any more. */
  void takeAlways(boolean takes) {
    allowed = takes ? Integer.MAX_VALUE : 0;
    unsafe().flush();
    runPendingTasks();
  }

  /** Returns what was taken so far, a character for each byte. */
  String taken() {
    return taken.toString();
  }

  /** Lets seconds pass, with what is due in each. */
  void pass(int seconds) {
    for (int i = 0; i < seconds; i++) {
      ticker.advance(1, TimeUnit.SECONDS);
      runScheduledPendingTasks();
      runPendingTasks();
    }
  }

  @Override
  protected void doWrite(ChannelOutboundBuffer waiting) {
    while (allowed > 0 && waiting.current() instanceof ByteBuf piece) {
      allowed--;
      taken.append(piece.toString(StandardCharsets.ISO_8859_1));
      waiting.remove();
    }
  }
}

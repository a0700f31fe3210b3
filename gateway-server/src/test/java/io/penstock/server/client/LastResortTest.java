package io.penstock.server.client;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import io.penstock.core.GatewayException;
import io.penstock.server.upstream.Transport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class LastResortTest {
  private static final ClientLimits LIMITS =
      new ClientLimits(9, 8192, 10_000, 10_000, 10_000, 10_000, Long.MAX_VALUE);

  private final Logger netty = (Logger) LoggerFactory.getLogger("io.netty.channel");
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

  @BeforeEach
  void listen() {
    lines.start();
    netty.addAppender(lines);
  }

  @AfterEach
  void stop() {
    netty.detachAppender(lines);
  }

  private static ClientServer.Shared shared() {
    return new ClientServer.Shared(
        new Unread(LIMITS::unreadBytes), new IdleConnections(), new AtomicBoolean());
  }

  @Test
  void http2_ofOneWhoDoesNotSpeakIt_isClosedAndNotToldOf() {
    EmbeddedChannel channel = new EmbeddedChannel();
    new ClientServer.Bounded(LIMITS, shared(), new Nowhere()).http2(channel.pipeline());
    channel.writeInbound(
        ByteBufUtil.writeAscii(
            channel.alloc(), "GET / HTTP/1.1\r\nHost: somebody.example\r\n\r\n"));
    channel.runPendingTasks();
    channel.checkException();
    assertThat(channel.isOpen()).isFalse();
    channel.finishAndReleaseAll();
  }

  @Test
  void http2_whoseConnectionBreaks_isClosedAtOnce() {
    EmbeddedChannel channel = new EmbeddedChannel();
    new ClientServer.Bounded(LIMITS, shared(), new Nowhere()).http2(channel.pipeline());
    channel.pipeline().fireExceptionCaught(new IOException("Connection reset by peer"));
    channel.checkException();
    assertThat(channel.isOpen()).isFalse();
    channel.finishAndReleaseAll();
  }

  @Test
  void listener_withoutDescriptors_isNotToldOfByNetty() throws Exception {
    EventLoopGroup loops = Transport.NIO.newGroup(1, "port");
    try {
      InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
      ClientServer server =
          ClientServer.bind(
              new ClientServer.Options(any, () -> LIMITS, null, false),
              loops,
              Transport.NIO,
              new Nowhere());
      Throwable full = new IOException("accept(..) failed: Too many open files");
      loops.submit(() -> server.listener().pipeline().fireExceptionCaught(full)).get();
      assertThat(lines.list).isEmpty();
      loops
          .submit(() -> server.listener().pipeline().fireExceptionCaught(new IOException("other")))
          .get();
      assertThat(lines.list).hasSize(1);
      server.close();
    } finally {
      loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly();
    }
  }

  /** Gets no request. */
  private static final class Nowhere implements RequestSink {
    @Override
    public @Nullable Admitted admit(RequestHead head, EventLoop loop, Responder responder) {
      throw new AssertionError("a request: " + head);
    }

    @Override
    public void turnAway(
        RequestHead head, GatewayException why, EventLoop loop, Responder responder) {
      throw new AssertionError("a request: " + head);
    }
  }
}

package io.penstock.server.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoop;
import io.penstock.core.GatewayException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A stop while a TLS handshake is under way; that one which ends in time lives is TransportTest's.
 */
class HandshakeTest {
  private static final int LAST_SECONDS =
      (int) TimeUnit.MILLISECONDS.toSeconds(Handshake.LAST_MILLIS);

  private final SlowChannel client = SlowChannel.create();

  @AfterEach
  void end() {
    client.finishAndReleaseAll();
  }

  private void connect(boolean draining) {
    ClientLimits limits = new ClientLimits(9, 8192, 10_000, 10_000, 10_000, 10_000, Long.MAX_VALUE);
    client.with(
        new Handshake(
            new ClientServer.Bounded(
                limits,
                new ClientServer.Shared(
                    new Unread(limits::unreadBytes),
                    new IdleConnections(),
                    new AtomicBoolean(draining)),
                new Nowhere())));
  }

  @Test
  void drain_handshakeNeverEnds_isWaitedForAMoment() {
    connect(false);
    client.pass(2 * LAST_SECONDS);
    client.pipeline().fireUserEventTriggered(ClientServer.Drain.EVENT);
    client.pass(LAST_SECONDS - 1);
    assertThat(client.isOpen()).isTrue();
    client.pass(1);
    assertThat(client.isOpen()).isFalse();
  }

  @Test
  void drain_begunBeforeTheConnectionWasSetUp_isTheSame() {
    connect(true);
    client.pass(LAST_SECONDS - 1);
    assertThat(client.isOpen()).isTrue();
    client.pass(1);
    assertThat(client.isOpen()).isFalse();
  }

  /** Gets no request. */
  private static final class Nowhere implements RequestSink {
    @Override
    public Admitted admit(RequestHead head, EventLoop loop, Responder responder) {
      throw new AssertionError("a request: " + head);
    }

    @Override
    public void turnAway(
        RequestHead head, GatewayException why, EventLoop loop, Responder responder) {
      throw new AssertionError("a request: " + head);
    }
  }
}

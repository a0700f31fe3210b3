package io.penstock.server.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoop;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.penstock.core.GatewayException;
import io.penstock.testkit.LeakCheck;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Who comes when there are as many connections as may be. */
@ExtendWith(LeakCheck.class)
class IdleConnectionsTest {
  private static final int MOST = 8;
  private static final ClientLimits LIMITS =
      new ClientLimits(MOST, 8192, 60_000, 60_000, 75_000, 60_000, Long.MAX_VALUE);

  private final List<SlowChannel> all = new ArrayList<>();
  private final List<String> heard = new ArrayList<>();
  private final ChannelGroup connections = new DefaultChannelGroup(ImmediateEventExecutor.INSTANCE);
  private final ClientServer.Options options =
      new ClientServer.Options(new InetSocketAddress(0), () -> LIMITS, null, false);
  private final SlowChannel loop = SlowChannel.create();
  private final ClientServer.PerLoop perLoop = new ClientServer.PerLoop(options, loop.eventLoop());

  @AfterEach
  void end() {
    all.forEach(SlowChannel::finishAndReleaseAll);
    loop.finishAndReleaseAll();
  }

  private SlowChannel comes(int seconds) {
    SlowChannel client = SlowChannel.create();
    client.pass(seconds);
    all.add(client.with(new ClientServer.Initializer(options, new Heard(), connections, perLoop)));
    return client;
  }

  private void ask(SlowChannel client) {
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  }

  @Test
  void newcomer_allAreIdleForLong_takesThePlaceOfTheLongest() {
    for (int i = 0; i < MOST; i++) {
      comes(0);
    }
    SlowChannel next = comes(5);
    assertThat(all.getFirst().isOpen()).isFalse();
    assertThat(all.subList(1, MOST + 1)).allMatch(SlowChannel::isOpen);
    ask(next);
    assertThat(heard).containsExactly("admitted");
  }

  @Test
  void newcomer_allWereBusyAMomentAgo_isTurnedAway() {
    for (int i = 0; i < MOST; i++) {
      comes(0);
    }
    SlowChannel next = comes(4);
    assertThat(all).allMatch(SlowChannel::isOpen);
    ask(next);
    assertThat(heard).containsExactly("turned away");
  }

  @Test
  void newcomer_whoHasBegunARequestStays() {
    for (int i = 0; i < MOST; i++) {
      comes(0);
    }
    all.get(0).send("GET / HT");
    ask(all.get(1));
    comes(5);
    assertThat(all.get(0).isOpen()).as("half a head").isTrue();
    assertThat(all.get(1).isOpen()).as("a request under way").isTrue();
    assertThat(all.get(2).isOpen()).isFalse();
  }

  /** Never answers. */
  private final class Heard implements RequestSink {
    @Override
    public @Nullable Admitted admit(RequestHead head, EventLoop on, Responder responder) {
      heard.add("admitted");
      return null;
    }

    @Override
    public void turnAway(
        RequestHead head, GatewayException why, EventLoop on, Responder responder) {
      heard.add("turned away");
    }
  }
}

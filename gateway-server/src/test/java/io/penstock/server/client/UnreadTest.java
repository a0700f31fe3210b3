package io.penstock.server.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.penstock.testkit.LeakCheck;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the clients of a loop leave unread together, each within what it may alone. */
@ExtendWith(LeakCheck.class)
class UnreadTest {
  /** Below the high-water mark of 128 KiB. */
  private static final int ANSWER = 100_000;

  private static final int MOST = 10 * ANSWER;

  private final Unread unread = new Unread(() -> MOST);
  private final List<SlowChannel> clients = new ArrayList<>();

  @AfterEach
  void end() {
    clients.forEach(SlowChannel::finishAndReleaseAll);
  }

  private SlowChannel answered(int bytes) {
    SlowChannel client = SlowChannel.create().with(new StalledClient(60_000, unread));
    clients.add(client);
    client.writeAndFlush(Unpooled.wrappedBuffer(new byte[bytes]));
    clients.forEach(SlowChannel::runPendingTasks);
    return client;
  }

  private List<SlowChannel> open() {
    return clients.stream().filter(SlowChannel::isOpen).toList();
  }

  @Test
  void many_eachWithinItsOwnMark_holdNoMoreThanAllMay() {
    for (int i = 0; i < 30; i++) {
      answered(ANSWER);
      assertThat(open().stream().mapToLong(Unread::waiting).sum()).isLessThanOrEqualTo(MOST);
    }
    assertThat(open()).hasSizeBetween(8, 9);
    open().forEach(SlowChannel::takeAll);
    assertThat(open()).allSatisfy(client -> assertThat(client.taken()).hasSize(ANSWER));
  }

  @Test
  void largest_isGivenUp_notTheOneThatCameLast() {
    SlowChannel large = answered(6 * ANSWER);
    for (int i = 0; i < 5; i++) {
      answered(ANSWER);
    }
    assertThat(large.isOpen()).isFalse();
    assertThat(open()).hasSize(5);
  }

  @Test
  void alone_mayHoldMore() {
    assertThat(answered(3 * MOST).isOpen()).isTrue();
  }

  @Test
  void whatWasTaken_countsNoMore() {
    for (int i = 0; i < 50; i++) {
      answered(ANSWER).takeAll();
    }
    assertThat(open()).hasSize(50);
  }

  @Test
  void whatLeft_countsNoMore() {
    for (int i = 0; i < 50; i++) {
      answered(ANSWER).close();
    }
    assertThat(answered(ANSWER).isOpen()).isTrue();
  }
}

package io.penstock.server.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.penstock.core.FailureKind;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WatchTest {
  private static final int NOTHING_DUE = -1;

  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final Watch watch = new Watch(channel.eventLoop());
  private final List<FailureKind> failures = new ArrayList<>();

  WatchTest() {
    channel.freezeTime();
  }

  @AfterEach
  void close() {
    channel.close();
  }

  /** Sends a request that began so many seconds ago, all of whose times are those seconds. */
  private UpstreamCall sent(long secondsAgo, long secondsAllowed) {
    long millis = TimeUnit.SECONDS.toMillis(secondsAllowed);
    return sent(secondsAgo, new Timeouts(millis, millis, millis, 10 * millis));
  }

  private UpstreamCall sent(long secondsAgo, Timeouts timeouts) {
    long begun = System.nanoTime() - TimeUnit.SECONDS.toNanos(secondsAgo);
    UpstreamCall call =
        new UpstreamCall(
            timeouts,
            new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/"),
            new Heard(),
            begun);
    call.sent(channel, watch, begun);
    return call;
  }

  private static void answer(UpstreamCall call) {
    call.head(200, EmptyHttpHeaders.INSTANCE);
    assertThat(call.end()).isTrue();
  }

  private long passes(long seconds) {
    channel.advanceTimeBy(seconds, TimeUnit.SECONDS);
    return channel.runScheduledPendingTasks();
  }

  @Test
  void lookIn_requestOfAShorterTimeThanTheOneBefore_endsInItsOwnTime() {
    answer(sent(0, 600));
    sent(5, 4);

    passes(4);

    assertThat(failures).containsExactly(FailureKind.FIRST_BYTE_TIMEOUT);
  }

  @Test
  void lookIn_timerOfTheRequestBefore_looksAndIsSetAgain() {
    answer(sent(0, 60));
    sent(0, 600);

    long next = passes(60);

    assertThat(failures).isEmpty();
    assertThat(next).isGreaterThan(TimeUnit.SECONDS.toNanos(300));
  }

  @Test
  void lookIn_silentAfterTheHead_endsInTheShorterTimeOfSilence() {
    sent(5, new Timeouts(600_000, 600_000, 4_000, 600_000)).head(200, EmptyHttpHeaders.INSTANCE);

    passes(4);

    assertThat(failures).containsExactly(FailureKind.IDLE_TIMEOUT);
  }

  @Test
  void lookIn_secondRequest_endsInItsTotalTime() {
    answer(sent(0, 600));
    sent(5, new Timeouts(600_000, 600_000, 600_000, 4_000));

    passes(4);

    assertThat(failures).containsExactly(FailureKind.TOTAL_TIMEOUT);
  }

  @Test
  void over_nothingUnderWay_isNotSetAgain() {
    answer(sent(0, 60));

    assertThat(passes(60)).isEqualTo(NOTHING_DUE);
    assertThat(failures).isEmpty();
  }

  @Test
  void cancel_connectionClosed_leavesNoTimer() {
    sent(0, 60).cancel();

    assertThat(channel.runScheduledPendingTasks()).isEqualTo(NOTHING_DUE);
  }

  private final class Heard implements UpstreamListener {
    @Override
    public void onHead(int status, HttpHeaders headers) {}

    @Override
    public void onData(ByteBuf data) {}

    @Override
    public void onReadComplete() {}

    @Override
    public void onEnd() {}

    @Override
    public void onFailure(FailureKind kind, String message) {
      failures.add(kind);
    }
  }
}

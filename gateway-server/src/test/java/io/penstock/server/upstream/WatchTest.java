package io.penstock.server.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
    UpstreamCall call = begun(secondsAgo, timeouts);
    call.sent(channel, watch, beganNanos(secondsAgo));
    return call;
  }

  private UpstreamCall begun(long secondsAgo, Timeouts timeouts) {
    return new UpstreamCall(
        timeouts,
        new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/"),
        new Heard(),
        beganNanos(secondsAgo));
  }

  private static long beganNanos(long secondsAgo) {
    return System.nanoTime() - TimeUnit.SECONDS.toNanos(secondsAgo);
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
  void lookIn_connecting_endsInTheTimeForThat() {
    UpstreamCall call = begun(5, new Timeouts(4_000, 600_000, 600_000, 600_000));
    call.connecting(channel, watch, beganNanos(5));

    passes(4);

    assertThat(failures).containsExactly(FailureKind.CONNECT);
  }

  @Test
  void lookIn_connected_theTimeForThatIsNoLimitAnyMore() {
    UpstreamCall call = begun(5, new Timeouts(4_000, 600_000, 600_000, 600_000));
    call.connecting(channel, watch, beganNanos(5));
    call.sent(channel, watch, System.nanoTime());

    assertThat(passes(4)).isPositive();
    assertThat(failures).isEmpty();
  }

  @Test
  void lookIn_firstByteTimeShorterThanThatOfSilence_endsInItsOwn() {
    sent(5, new Timeouts(600_000, 4_000, 600_000, 600_000));

    passes(4);

    assertThat(failures).containsExactly(FailureKind.FIRST_BYTE_TIMEOUT);
  }

  @Test
  void lookIn_readSinceItBegan_isNotSilent() {
    UpstreamCall call = sent(5, new Timeouts(600_000, 600_000, 4_000, 600_000));
    call.head(200, EmptyHttpHeaders.INSTANCE);
    call.readComplete();

    assertThat(passes(4)).as("it looks again").isPositive();
    assertThat(failures).isEmpty();
  }

  @Test
  void lookIn_loopStoodStill_whatCameMeanwhileIsReadFirst() {
    UpstreamCall call = sent(60, new Timeouts(600_000, 600_000, 4_000, 600_000));
    call.head(200, EmptyHttpHeaders.INSTANCE);

    passes(4);
    assertThat(failures).isEmpty();
    call.data(Unpooled.wrappedBuffer(new byte[1]));
    call.readComplete();

    assertThat(passes(1)).as("it looks again").isPositive();
    assertThat(failures).isEmpty();
  }

  @Test
  void lookIn_loopStoodStillAndNothingCame_endsAllTheSame() {
    sent(60, new Timeouts(600_000, 600_000, 4_000, 600_000)).head(200, EmptyHttpHeaders.INSTANCE);

    passes(4);
    passes(1);

    assertThat(failures).containsExactly(FailureKind.IDLE_TIMEOUT);
  }

  @Test
  void lookIn_readAllTheTime_endsInItsTotalTime() {
    UpstreamCall call = sent(5, new Timeouts(600_000, 600_000, 600_000, 4_000));
    call.head(200, EmptyHttpHeaders.INSTANCE);
    call.readComplete();

    passes(4);

    assertThat(failures).containsExactly(FailureKind.TOTAL_TIMEOUT);
  }

  @Test
  void lookIn_clientIsSlow_silenceIsNotTheProviders() {
    UpstreamCall silent = sent(5, new Timeouts(600_000, 600_000, 4_000, 600_000));
    silent.head(200, EmptyHttpHeaders.INSTANCE);
    silent.setPaused(true);

    assertThat(passes(4)).as("it looks again").isPositive();
    assertThat(failures).isEmpty();
  }

  @Test
  void lookIn_clientIsSlow_endsInItsTotalTime() {
    sent(5, new Timeouts(600_000, 600_000, 600_000, 4_000)).setPaused(true);

    passes(4);

    assertThat(failures).containsExactly(FailureKind.TOTAL_TIMEOUT);
  }

  @ParameterizedTest
  @ValueSource(strings = {"firstByte", "idle", "total"})
  void lookIn_secondRequest_hasItsOwnTimesFromItsOwnBeginning(String limit) {
    Timeouts times = timeouts(limit, 60_000);
    answer(sent(59, times));
    UpstreamCall second = sent(0, times);
    if (limit.equals("idle")) {
      second.head(200, EmptyHttpHeaders.INSTANCE);
    }

    assertThat(passes(60)).as("it looks again").isGreaterThan(TimeUnit.SECONDS.toNanos(30));
    assertThat(failures).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"firstByte", "idle", "total"})
  void over_answered_noneOfItsTimesCounts(String limit) {
    answer(sent(5, timeouts(limit, 4_000)));

    assertThat(passes(4)).isEqualTo(NOTHING_DUE);
    assertThat(failures).isEmpty();
  }

  private static Timeouts timeouts(String limit, long millis) {
    return new Timeouts(
        600_000,
        limit.equals("firstByte") ? millis : 600_000,
        limit.equals("idle") ? millis : 600_000,
        limit.equals("total") ? millis : 600_000);
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

  @Test
  void linger_messageThatDoesNotEnd_isClosedAfterASecond() {
    UpstreamCall call = sent(0, 600);
    call.head(200, EmptyHttpHeaders.INSTANCE);
    call.setPaused(true);
    call.linger(beganNanos(1));
    assertThat(channel.config().isAutoRead()).isTrue();

    passes(1);

    assertThat(channel.isOpen()).isFalse();
    assertThat(call.isDone()).isTrue();
    assertThat(failures).isEmpty();
  }

  @Test
  void linger_messageThatEndsInTime_leavesItsConnection() {
    UpstreamCall call = sent(0, 600);
    call.head(200, EmptyHttpHeaders.INSTANCE);
    call.setPaused(true);
    call.linger(System.nanoTime());

    assertThat(call.end()).as("it may be used again").isTrue();
    assertThat(passes(1)).isEqualTo(NOTHING_DUE);
    assertThat(channel.isOpen()).isTrue();
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

    @Override
    public void onBroken(Throwable why) {
      throw new AssertionError(why);
    }
  }
}

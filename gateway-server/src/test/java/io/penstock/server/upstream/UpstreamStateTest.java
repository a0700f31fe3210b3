package io.penstock.server.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.penstock.core.FailureKind;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a request failed with says where it was: only some may be made again for nothing. */
class UpstreamStateTest {
  private static final Timeouts TIMEOUTS = new Timeouts(1, 2, 3, 4);

  private final List<String> heard = new ArrayList<>();
  private final UpstreamCall call =
      new UpstreamCall(
          TIMEOUTS,
          new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/"),
          new Failures(),
          0);

  @ParameterizedTest
  @CsvSource({"CONNECTING, 1, 1", "WAITING, 2, 3", "READING, 3, 3"})
  void limitMillis_isThatOfTheState_andNextOfWhatMayFollowAtOnce(
      UpstreamState state, long limit, long next) {
    assertThat(state.limitMillis(TIMEOUTS)).isEqualTo(limit);
    assertThat(state.nextLimitMillis(TIMEOUTS)).isEqualTo(next);
  }

  @ParameterizedTest
  @CsvSource({"CONNECTING, CONNECT", "WAITING, RESET", "READING, CUT"})
  void lost_failsWithWhatTheStateSays(UpstreamState state, FailureKind kind) {
    state.lost(call);
    assertThat(heard).hasSize(1).first().asString().startsWith(kind + ": the connection was");
  }

  @ParameterizedTest
  @CsvSource({
    "CONNECTING, CONNECT: no connection within 1 ms",
    "WAITING, FIRST_BYTE_TIMEOUT: no answer within 2 ms",
    "READING, IDLE_TIMEOUT: silent for 3 ms"
  })
  void late_failsWithTheLimitOfTheState(UpstreamState state, String failure) {
    state.late(call, TIMEOUTS);
    assertThat(heard).containsExactly(failure);
  }

  @Test
  void lost_afterItsEnd_isNothing() {
    UpstreamState.DONE.lost(call);
    assertThat(heard).isEmpty();
    assertThat(call.isDone()).isFalse();
  }

  private final class Failures implements UpstreamListener {
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
      heard.add(kind + ": " + message);
    }

    @Override
    public void onBroken(Throwable why) {
      heard.add("broken: " + why);
    }
  }
}

package io.penstock.server.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.ConnectException;
import java.nio.channels.ClosedChannelException;
import org.junit.jupiter.api.Test;

class UpstreamPoolTest {
  @Test
  void reason_ofWhatHasNoMessage_isItsName() {
    Origin origin = new Origin("127.0.0.1", 9, null, null);

    assertThat(UpstreamPool.reason(origin, new ConnectException("Connection refused")))
        .endsWith(": Connection refused");
    assertThat(UpstreamPool.reason(origin, new ClosedChannelException()))
        .endsWith(": java.nio.channels.ClosedChannelException");
  }
}

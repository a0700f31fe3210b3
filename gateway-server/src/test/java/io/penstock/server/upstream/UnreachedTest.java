package io.penstock.server.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.proxy.ProxyConnectException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;

class UnreachedTest {
  @Test
  void kind_ofAnyCause_namesNoAddress() {
    String address = "llm.internal/10.1.2.3:8443";

    assertThat(Unreached.kind(new ConnectException("Connection refused: " + address)))
        .isEqualTo("the connection was refused");
    assertThat(Unreached.kind(new ConnectTimeoutException("timed out: " + address)))
        .isEqualTo("no connection in time");
    assertThat(Unreached.kind(new ProxyConnectException("http, none, " + address)))
        .isEqualTo("the proxy did not connect to it");
    assertThat(Unreached.kind(new NoRouteToHostException("No route to host: " + address)))
        .isEqualTo("there is no route to it");
    assertThat(Unreached.kind(new UnknownHostException("Failed to resolve " + address)))
        .isEqualTo("its name cannot be resolved");
    assertThat(Unreached.kind(new SSLHandshakeException("no subject " + address)))
        .isEqualTo("the TLS handshake failed");
    assertThat(Unreached.kind(new ClosedChannelException())).isEqualTo("the connection failed");
    assertThat(Unreached.kind(null)).isEqualTo("the connection failed");
  }
}

package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.FakeProvider;
import java.net.ServerSocket;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadinessTest {
  @TempDir Path directory;

  /** A balancer that asks the traffic port must not send calls that would all get a 503. */
  @Test
  void readyz_whileNoBudgetCanGrant_isNotReadyOnBothPorts() throws Exception {
    int nobody;
    try (ServerSocket socket = new ServerSocket(0)) {
      nobody = socket.getLocalPort();
    }
    String state = "state: { redis: \"redis://127.0.0.1:" + nobody + "\" }";
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(directory, RunningGateway.yaml(directory, provider, state));
        RawClient client = RawClient.to(gateway)) {
      client.send("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
      assertThat(client.readUntil("yet\n"))
          .startsWith("HTTP/1.1 503")
          .contains("not ready: the budgets' shared store");
      client.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
      assertThat(client.readUntil("ok\n")).startsWith("HTTP/1.1 200");
      assertThat(gateway.admin("/readyz")).startsWith("not ready: the budgets");
    }
  }
}

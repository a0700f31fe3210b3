package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections to providers: of every transport, kept, given up in time, drained. */
@ExtendWith(LeakCheck.class)
class UpstreamFlowTest {
  private static final String CHAT =
      "{\"stream\":true,\"model\":\"gpt-4o-mini\","
          + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

  private static final Script WHOLE =
      Script.sse(
          "{\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}",
          "{\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}",
          "[DONE]");

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"epoll", "io_uring", "nio"})
  void transport_anySetting_servesOverOneKeptConnection(String transport) {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.yaml(directory, provider, "loops: 1\ntransport: " + transport))) {
      for (int i = 0; i < 3; i++) {
        HttpResponse<String> response = gateway.post("/v1/chat/completions", CHAT);
        assertThat(response.body()).endsWith("data: [DONE]\n\n");
      }
      assertThat(provider.connections()).isOne();
    }
  }

  /** The message of a provider that is done never ends: the client's does, and so does it then. */
  @Test
  void stream_whoseMessageDoesNotEnd_endsForTheClient_andItsConnectionIsClosed() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.patient(RunningGateway.yaml(directory, provider, "loops: 1")));
        RawClient client = RawClient.to(gateway)) {
      provider.on("/v1/chat/completions").first(1).reply(WHOLE.stall());
      client.send(RawClient.post("/v1/chat/completions", CHAT));
      assertThat(client.readUntil("\r\n0\r\n\r\n")).startsWith("HTTP/1.1 200").contains("[DONE]");
      Await.until("its connection is closed", () -> provider.openConnections() == 0);
      assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      assertThat(provider.connections()).isEqualTo(2);
    }
  }

  @Test
  void connect_timesOut() throws Exception {
    List<Socket> waiting = new ArrayList<>();
    // Nobody accepts: once its queue is full, a connection is not answered at all.
    try (FakeProvider unused = FakeProvider.start();
        ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      InetSocketAddress address = (InetSocketAddress) full.getLocalSocketAddress();
      for (int i = 0; i < 4; i++) {
        Socket socket = new Socket();
        waiting.add(socket);
        try {
          socket.connect(address, 100);
        } catch (java.net.SocketTimeoutException e) {
          break;
        }
      }
      String yaml =
          RunningGateway.yaml(directory, unused, "")
              .replace(unused.baseUrl(), "http://127.0.0.1:" + address.getPort() + "/v1")
              .replace("connect: 2s", "connect: 200ms");
      try (RunningGateway gateway = RunningGateway.start(directory, yaml)) {
        HttpResponse<String> response = gateway.post("/v1/chat/completions", CHAT);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(502);
        assertThat(response.body())
            .contains("upstream_error")
            .contains("The provider \\\"fake\\\" cannot be reached: no connection")
            .doesNotContain("127.0.0.1");
      }
    } finally {
      for (Socket socket : waiting) {
        socket.close();
      }
    }
  }

  @Test
  void unreachable_isToldByTheProvidersName_neverByItsAddress() {
    String gone;
    try (FakeProvider closed = FakeProvider.start()) {
      gone = closed.baseUrl();
    }
    try (FakeProvider unused = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.yaml(directory, unused, "passthrough: { /v1/files: fake }")
                    .replace(unused.baseUrl(), gone))) {
      String stream = CHAT.replace("{\"model\"", "{\"stream\":true,\"model\"");
      for (HttpResponse<String> response :
          List.of(
              gateway.post("/v1/chat/completions", CHAT),
              gateway.post("/v1/chat/completions", stream),
              gateway.post("/v1/messages", CHAT.replace("{", "{\"max_tokens\":9,")),
              gateway.get("/v1/files/f1"))) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(502);
        assertThat(response.body())
            .contains("The provider \\\"fake\\\" cannot be reached: the connection was refused")
            .doesNotContain("127.0.0.1")
            .doesNotContain(gone.replaceAll(".*:(\\d+).*", "$1"));
      }
    }
  }

  @Test
  void onDisconnectDrain_theAnswerIsReadToItsEnd_andPaidAsReported() throws Exception {
    Gate gate = new Gate("the client has left");
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.patient(RunningGateway.yaml(directory, provider, "loops: 1"))
                    .replace("catalogue: openai", "catalogue: openai\n    on_disconnect: drain"))) {
      provider
          .on("/v1/chat/completions")
          .reply(
              Script.sse(
                      "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"one\"}}]}",
                      "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],"
                          + "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":77}}",
                      "[DONE]")
                  .pauseBefore(1, gate));
      try (RawClient client = RawClient.to(gateway)) {
        client.send(RawClient.post("/v1/chat/completions", CHAT));
        client.readUntil("one");
      }
      // The one loop has seen the client leave before it answers this.
      assertThat(gateway.get("/healthz").statusCode()).isEqualTo(200);
      gate.open();
      provider.awaitRequest(1).awaitAnswered();
      Await.until(
          "it has ended without its client",
          () -> gateway.admin("/metrics").contains("status=\"499\""));
      assertThat(gateway.admin("/admin/v1/requests"))
          .contains("\"usage_source\":\"reported\"")
          .contains("\"output\":77")
          .contains("\"ending\":\"client_gone\"", "\"waste\":\"aborted\"");
      assertThat(gateway.admin("/metrics"))
          .containsPattern("penstock_wasted_usd_total\\{cause=\"aborted\".*} [1-9]");
    }
  }
}

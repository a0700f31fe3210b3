package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A client that does not read holds its provider back; one that leaves stops it. */
@ExtendWith(LeakCheck.class)
class BackPressureTest {
  private static final String CHAT =
      "{\"stream\":true,\"model\":\"gpt-4o-mini\","
          + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

  /** More than all socket buffers on the way take. */
  private static final long POURED = 64L << 20;

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"/v1/files/all", "/v1/chat/completions"})
  void client_doesNotRead_providerWaits_thenAllArrives(String path) throws Exception {
    try (PouringProvider pouring = new PouringProvider();
        FakeProvider unused = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.patient(
                        RunningGateway.yaml(directory, unused, "passthrough: { /v1/files: fake }"))
                    .replace(unused.baseUrl(), pouring.baseUrl()));
        RawClient client = RawClient.slow(gateway)) {
      client.send(RawClient.post(path, CHAT, "Connection: close"));
      awaitStall("the provider is held back", pouring::sent);
      assertThat(pouring.sent()).isPositive().isLessThan(POURED / 2);
      assertThat(client.skip(Long.MAX_VALUE)).isGreaterThan(POURED);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/files/all", "/v1/chat/completions"})
  void client_leavesBeforeTheAnswer_providerIsLeftToo(String path) throws Exception {
    Gate never = new Gate("the answer");
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.patient(
                    RunningGateway.yaml(
                        directory, provider, "passthrough: { /v1/files: fake }")))) {
      provider.on("/v1/*").reply(Script.json("{}").pauseBeforeHeaders(never));
      try (RawClient client = RawClient.to(gateway)) {
        client.send(RawClient.post(path, CHAT));
        provider.awaitRequest(1);
      }
      provider.awaitRequest(1).awaitClosed();
      Await.until(
          "its row is there",
          () -> gateway.admin("/admin/v1/requests").contains("\"ending\":\"client_gone\""));
      never.open();
    }
  }

  @Test
  void client_takesNothingForTooLong_isGivenUp() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.patient(RunningGateway.yaml(directory, provider, ""))
                    .replace("limits: {", "limits: { slow_timeout: 500ms,"));
        RawClient client = RawClient.slow(gateway)) {
      String event = "x".repeat(2000);
      provider
          .on("/v1/chat/completions")
          .reply(
              Script.endless(
                  "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + event + "\"}}]}"));
      client.send(RawClient.post("/v1/chat/completions", CHAT));
      provider.awaitRequest(1).awaitClosed();
      Await.until(
          "its row is there",
          () -> gateway.admin("/admin/v1/requests").contains("\"ending\":\"client_gone\""));
      assertThat(client.readToEnd()).startsWith("HTTP/1.1 200");
    }
  }

  /** Waits until a number has not changed for a while. */
  static void awaitStall(String what, LongSupplier number) {
    long[] last = {-1, 0};
    Await.until(
        what,
        () -> {
          long now = number.getAsLong();
          last[1] = now == last[0] && now > 0 ? last[1] + 1 : 0;
          last[0] = now;
          return last[1] == 60;
        });
  }

  /** A provider that answers everything with very many events, as fast as they are taken. */
  private static final class PouringProvider implements AutoCloseable {
    private final ServerSocket listener;
    private final AtomicLong sent = new AtomicLong();

    PouringProvider() throws IOException {
      listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
      Thread.ofVirtual().start(this::serve);
    }

    String baseUrl() {
      return "http://127.0.0.1:" + listener.getLocalPort() + "/v1";
    }

    long sent() {
      return sent.get();
    }

    private void serve() {
      byte[] event =
          ("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\""
                  + "x".repeat(8000)
                  + "\"}}]}\n\n")
              .getBytes(StandardCharsets.US_ASCII);
      try (Socket socket = listener.accept()) {
        SpineTest.RawHttp.readUntil(socket.getInputStream(), "\"hi\"");
        OutputStream out = socket.getOutputStream();
        out.write(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
                .getBytes(StandardCharsets.US_ASCII));
        while (sent.get() < POURED) {
          out.write(event);
          sent.addAndGet(event.length);
        }
        out.write("data: [DONE]\n\n".getBytes(StandardCharsets.US_ASCII));
      } catch (IOException e) {
        // the gateway has left
      }
    }

    @Override
    public void close() throws IOException {
      listener.close();
    }
  }
}

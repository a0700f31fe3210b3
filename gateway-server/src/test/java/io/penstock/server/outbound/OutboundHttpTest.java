package io.penstock.server.outbound;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Exchanges over real sockets, with a server that stops in the middle. */
@Timeout(60)
class OutboundHttpTest {
  private static final String HEAD = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n";

  private static ServerSocket server() throws IOException {
    ServerSocket server = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
    server.setSoTimeout(30_000);
    return server;
  }

  private static FutureTask<String> ask(OutboundHttp http, ServerSocket server) {
    URI uri = URI.create("http://localhost:" + server.getLocalPort());
    Callable<String> call =
        () ->
            http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                .body();
    FutureTask<String> task = new FutureTask<>(call);
    Thread.ofVirtual().start(task);
    return task;
  }

  /** Reads until the client closes the connection, or the test's time is over. */
  private static void awaitClosed(Socket socket) throws IOException {
    try (InputStream in = socket.getInputStream()) {
      while (in.read() >= 0) {
        // What comes before the end is the request.
      }
    } catch (IOException e) {
      // A reset is an end, too.
      assertThat(e).isInstanceOf(java.net.SocketException.class);
    }
  }

  @Test
  void send_afterClose_neverUsedBefore_isRefused() {
    OutboundHttp http = new OutboundHttp(Duration.ofSeconds(30));
    http.close();
    HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:1")).build();
    assertThatThrownBy(() -> http.send(request, HttpResponse.BodyHandlers.discarding()))
        .isInstanceOf(IOException.class)
        .hasMessage("closed");
  }

  @Test
  void wholeAnswer_isGiven() throws Exception {
    try (ServerSocket server = server();
        OutboundHttp http = new OutboundHttp(Duration.ofSeconds(30))) {
      FutureTask<String> asked = ask(http, server);
      try (Socket socket = server.accept()) {
        socket.getOutputStream().write((HEAD + "word").getBytes(UTF_8));
        assertThat(asked.get()).isEqualTo("word");
      }
    }
  }

  @Test
  void answerThatStallsInItsBody_endsInTime_andSoDoesItsConnection() throws Exception {
    try (ServerSocket server = server();
        OutboundHttp http = new OutboundHttp(Duration.ofMillis(100))) {
      FutureTask<String> asked = ask(http, server);
      try (Socket socket = server.accept()) {
        socket.getOutputStream().write((HEAD + "w").getBytes(UTF_8));
        assertThatThrownBy(asked::get)
            .isInstanceOf(ExecutionException.class)
            .cause()
            .isInstanceOf(HttpTimeoutException.class)
            .hasMessage("no whole answer within 100 ms");
        awaitClosed(socket);
      }
    }
  }

  @Test
  void close_endsWhatIsUnderWay() throws Exception {
    try (ServerSocket server = server()) {
      OutboundHttp http = new OutboundHttp(Duration.ofSeconds(50));
      FutureTask<String> asked = ask(http, server);
      try (Socket socket = server.accept()) {
        socket.getOutputStream().write((HEAD + "w").getBytes(UTF_8));
        http.close();
        assertThatThrownBy(asked::get).cause().isInstanceOf(IOException.class);
        awaitClosed(socket);
      }
    }
  }
}

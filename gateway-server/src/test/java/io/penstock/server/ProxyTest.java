package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.TestCertificate;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Providers that are reached through an HTTP proxy. */
@ExtendWith(LeakCheck.class)
class ProxyTest {
  private static final String CHAT =
      "{\"stream\":true,\"model\":\"gpt-4o-mini\","
          + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

  @TempDir Path directory;

  private RunningGateway start(FakeProvider provider, ConnectProxy proxy, String more) {
    return start(provider, "http://127.0.0.1:" + proxy.port(), more);
  }

  private RunningGateway start(FakeProvider provider, String proxy, String more) {
    String through = "catalogue: openai\n    proxy: " + proxy + more;
    return RunningGateway.start(
        directory,
        RunningGateway.yaml(directory, provider, "").replace("catalogue: openai", through));
  }

  @Test
  void connect_plainProvider_isReachedThroughTheTunnel() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        ConnectProxy proxy = new ConnectProxy("");
        RunningGateway gateway = start(provider, proxy, "")) {
      HttpResponse<String> response = gateway.post("/v1/chat/completions", CHAT);
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      assertThat(response.body()).endsWith("data: [DONE]\n\n");
      assertThat(proxy.asked()).containsExactly("CONNECT 127.0.0.1:" + provider.port());
      gateway.post("/v1/chat/completions", CHAT);
      assertThat(proxy.asked()).as("the tunnel is kept").hasSize(1);
    }
  }

  @Test
  void connect_tlsWithAPrivateCa_isVerifiedThroughTheTunnel() throws Exception {
    TestCertificate certificate = TestCertificate.create();
    Path ca = Files.writeString(directory.resolve("ca.pem"), certificate.certificatePem());
    try (FakeProvider provider = FakeProvider.startTls(certificate);
        ConnectProxy proxy = new ConnectProxy("");
        RunningGateway gateway = start(provider, proxy, "\n    ca: file:" + ca)) {
      assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      assertThat(proxy.asked()).hasSize(1);
    }
  }

  @Test
  void ca_thatIsReplaced_isTrustedWithoutAnotherEdit() throws Exception {
    TestCertificate certificate = TestCertificate.create();
    Path ca =
        Files.writeString(directory.resolve("ca.pem"), TestCertificate.create().certificatePem());
    try (FakeProvider provider = FakeProvider.startTls(certificate);
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.yaml(directory, provider, "")
                    .replace("catalogue: openai", "catalogue: openai\n    ca: ca.pem"))) {
      assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(502);
      Files.writeString(ca, certificate.certificatePem());
      Await.until(
          "the new one is trusted",
          () -> gateway.post("/v1/chat/completions", CHAT).statusCode() == 200);
    }
  }

  @Test
  void connect_userAndPasswordOfTheAddress_areTold() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        ConnectProxy proxy = new ConnectProxy("ann:p@ss:word");
        RunningGateway gateway =
            start(provider, "http://ann:p%40ss:word@127.0.0.1:" + proxy.port(), "")) {
      assertThat(gateway.post("/v1/chat/completions", CHAT).statusCode()).isEqualTo(200);
      assertThat(gateway.admin("/admin/v1/config"))
          .contains("****@127.0.0.1")
          .doesNotContain("word");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ann:p4ss@proxy:3128",
        "https://ann:p4ss@proxy:3128",
        "http://ann:p4ss@proxy/path"
      })
  void proxy_thatIsNone_isRefusedWithoutItsPassword(String proxy) throws Exception {
    String yaml =
        """
        providers:
          fake: { dialect: openai, base_url: "http://127.0.0.1:1/v1", keys: [k], proxy: "%s" }
        """
            .formatted(proxy);
    Path file = Files.writeString(directory.resolve("penstock.yaml"), yaml);
    StringWriter said = new StringWriter();

    int code =
        Main.commandLine()
            .setOut(new PrintWriter(said))
            .execute("check", "--config", file.toString());

    assertThat(code).isEqualTo(1);
    assertThat(said.toString())
        .contains("providers.fake.proxy: ")
        .contains("(expected: http://[user:password@]host:port)")
        .doesNotContain("p4ss");
  }

  @Test
  void check_severalProvidersAndARoute_areAllTold() throws Exception {
    Path file =
        Files.writeString(
            directory.resolve("penstock.yaml"),
            """
            providers:
              a: { dialect: openai, base_url: "http://127.0.0.1:1/v1", keys: [k], proxy: "x:1" }
              b: { dialect: openai, base_url: "http://127.0.0.1:1/v1", keys: [k], proxy: "y:1" }
            models:
              m: { strategy: cost, targets: [{ model: a/m, quality: 0.5 }], min_quality: 0.9 }
            """);
    StringWriter said = new StringWriter();

    Main.commandLine().setOut(new PrintWriter(said)).execute("check", "--config", file.toString());

    assertThat(said.toString()).contains("providers.a.proxy: ", "providers.b.proxy: ", "models.m");
  }

  @Test
  void tls_ofAnUnknownAuthority_isRefusedAndNothingIsSent() {
    try (FakeProvider provider = FakeProvider.startTls(TestCertificate.create());
        RunningGateway gateway =
            RunningGateway.start(directory, RunningGateway.yaml(directory, provider, ""))) {
      HttpResponse<String> response = gateway.post("/v1/chat/completions", CHAT);
      assertThat(response.statusCode()).isEqualTo(502);
      assertThat(response.body())
          .contains("upstream_error")
          .contains("The provider \\\"fake\\\" cannot be reached: the TLS handshake failed")
          .doesNotContain("127.0.0.1");
      assertThat(provider.requests()).isEmpty();
    }
  }

  @Test
  void connect_refusedByTheProxy_isA502() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        ConnectProxy proxy = new ConnectProxy("nobody:knows");
        RunningGateway gateway = start(provider, proxy, "")) {
      HttpResponse<String> response = gateway.post("/v1/chat/completions", CHAT);
      assertThat(response.statusCode()).isEqualTo(502);
      assertThat(response.body()).contains("upstream_error").doesNotContain("127.0.0.1");
      assertThat(provider.requests()).isEmpty();
    }
  }

  /** A proxy that knows CONNECT alone. */
  private static final class ConnectProxy implements AutoCloseable {
    private final ServerSocket listener;
    private final String willingFor;
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();

    /** Lets those through who say that user and password; everybody for "". */
    ConnectProxy(String willingFor) throws IOException {
      this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
      this.willingFor = willingFor;
      Thread.ofVirtual().start(this::accept);
    }

    int port() {
      return listener.getLocalPort();
    }

    List<String> asked() {
      return asked;
    }

    private void accept() {
      try {
        while (true) {
          Socket client = listener.accept();
          sockets.add(client);
          Thread.ofVirtual().start(() -> serve(client));
        }
      } catch (IOException e) {
        // closed: the test is over
      }
    }

    private void serve(Socket client) {
      try {
        String head = head(client.getInputStream());
        String[] words = head.split(" ");
        asked.add(words[0] + " " + words[1]);
        OutputStream out = client.getOutputStream();
        if (!isLetThrough(head)) {
          out.write("HTTP/1.1 403 Forbidden\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
          client.close();
          return;
        }
        int colon = words[1].lastIndexOf(':');
        Socket target =
            new Socket(
                words[1].substring(0, colon), Integer.parseInt(words[1].substring(colon + 1)));
        sockets.add(target);
        out.write("HTTP/1.1 200 Connected\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        Thread.ofVirtual().start(() -> copy(target, client));
        copy(client, target);
      } catch (IOException e) {
        // the gateway sees a broken tunnel
      }
    }

    private boolean isLetThrough(String head) {
      byte[] said = willingFor.getBytes(StandardCharsets.UTF_8);
      String expected = "basic " + Base64.getEncoder().encodeToString(said);
      return willingFor.isEmpty()
          || head.lines()
              .anyMatch(line -> line.equalsIgnoreCase("proxy-authorization: " + expected));
    }

    private static String head(InputStream in) throws IOException {
      StringBuilder head = new StringBuilder();
      while (head.indexOf("\r\n\r\n") < 0) {
        int next = in.read();
        if (next < 0) {
          break;
        }
        head.append((char) next);
      }
      return head.toString();
    }

    private static void copy(Socket from, Socket to) {
      try (from;
          to) {
        from.getInputStream().transferTo(to.getOutputStream());
      } catch (IOException e) {
        // one end is gone, and with it the tunnel
      }
    }

    @Override
    public void close() throws IOException {
      listener.close();
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }
}

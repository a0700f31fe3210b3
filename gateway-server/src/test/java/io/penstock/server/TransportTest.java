package io.penstock.server;

import static java.net.http.HttpResponse.BodyHandlers.ofString;
import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import io.penstock.testkit.TestCertificate;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ways to connect: TLS with HTTP/2, HTTP/1.0, a provider behind a private CA. */
@ExtendWith(LeakCheck.class)
class TransportTest {
  private static final String CHAT =
      "{\"stream\":true,\"model\":\"gpt-4o-mini\","
          + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

  private static final int GOAWAY = 7;

  @TempDir Path directory;

  private static SSLContext trusting(TestCertificate certificate) throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    store.setCertificateEntry(
        "test",
        CertificateFactory.getInstance("X.509")
            .generateCertificate(
                new ByteArrayInputStream(
                    certificate.certificatePem().getBytes(StandardCharsets.US_ASCII))));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  @Test
  void tls_adminPort_http2_answersAndTakesBodies() throws Exception {
    TestCertificate certificate = TestCertificate.create();
    Path cert = Files.writeString(directory.resolve("c.pem"), certificate.certificatePem());
    Path key = Files.writeString(directory.resolve("k.pem"), certificate.keyPem());
    String admin =
        "admin: { listen: 127.0.0.1:0, tls: { certificate: 'file:%s', key: 'file:%s' } }"
            .formatted(cert, key);
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.yaml(directory, provider, "")
                    .replace("admin: { listen: 127.0.0.1:0 }", admin));
        HttpClient client =
            HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_2)
                .sslContext(trusting(certificate))
                .build()) {
      URI root = URI.create("https://127.0.0.1:" + gateway.gateway().adminPort());
      HttpResponse<String> metrics =
          client.send(HttpRequest.newBuilder(root.resolve("/metrics")).build(), ofString());
      assertThat(metrics.version()).isEqualTo(HttpClient.Version.HTTP_2);
      assertThat(metrics.body()).contains("penstock_inflight");
      HttpResponse<String> reset =
          client.send(
              HttpRequest.newBuilder(root.resolve("/admin/v1/budgets/none/reset"))
                  .POST(HttpRequest.BodyPublishers.ofString("{}"))
                  .build(),
              ofString());
      assertThat(reset.statusCode()).isEqualTo(404);
      assertThat(reset.body()).contains("unknown_budget");
    }
  }

  @Test
  void tls_http2_streams() throws Exception {
    TestCertificate certificate = TestCertificate.create();
    Path cert = Files.writeString(directory.resolve("c.pem"), certificate.certificatePem());
    Path key = Files.writeString(directory.resolve("k.pem"), certificate.keyPem());
    String tls = "tls: { certificate: 'file:%s', key: 'file:%s' }".formatted(cert, key);
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(directory, RunningGateway.yaml(directory, provider, tls));
        HttpClient client =
            HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_2)
                .sslContext(trusting(certificate))
                .build()) {
      HttpResponse<String> stream = client.send(request(gateway, CHAT), ofString());
      assertThat(stream.version()).isEqualTo(HttpClient.Version.HTTP_2);
      assertThat(stream.statusCode()).as(stream.body()).isEqualTo(200);
      assertThat(stream.body()).endsWith("data: [DONE]\n\n");
      HttpResponse<String> unary =
          client.send(request(gateway, CHAT.replace("true", "false")), ofString());
      assertThat(unary.version()).isEqualTo(HttpClient.Version.HTTP_2);
      assertThat(unary.statusCode()).as(unary.body()).isEqualTo(200);
      assertThat(unary.body()).contains("\"chat.completion\"");
      assertThat(unary.headers().firstValue("x-penstock-cost-usd")).isPresent();
      String letters = "z".repeat(3_000_000);
      provider
          .on("/v1/chat/completions")
          .reply(Script.json("{\"choices\":[{}],\"z\":\"" + letters + "\"}"));
      HttpResponse<String> large =
          client.send(request(gateway, CHAT.replace("true", "false")), ofString());
      assertThat(large.body()).contains(letters);
      HttpRequest packed =
          HttpRequest.newBuilder(request(gateway, CHAT), (name, value) -> true)
              .header("Content-Encoding", "gzip")
              .build();
      assertThat(refusal(client, packed)).isIn("415", "reset");
      assertThat(provider.requests()).hasSize(3);
    }
  }

  @Test
  void tls_http2_headOverTheLimit_isRefusedInItsDialect_countedAndRecorded() throws Exception {
    TestCertificate certificate = TestCertificate.create();
    Path cert = Files.writeString(directory.resolve("c.pem"), certificate.certificatePem());
    Path key = Files.writeString(directory.resolve("k.pem"), certificate.keyPem());
    String tls = "tls: { certificate: 'file:%s', key: 'file:%s' }".formatted(cert, key);
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(directory, RunningGateway.yaml(directory, provider, tls));
        HttpClient client =
            HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_2)
                .sslContext(trusting(certificate))
                .build()) {
      for (String path : List.of("/v1/chat/completions", "/v1/messages")) {
        HttpRequest bomb =
            HttpRequest.newBuilder(request(gateway, path, CHAT), (name, value) -> true)
                .header("X-Bomb", "a".repeat(40_000))
                .build();
        HttpResponse<String> refused = client.send(bomb, ofString());
        assertThat(refused.version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(refused.statusCode()).isEqualTo(431);
        assertThat(refused.headers().firstValue("x-penstock-request-id")).isPresent();
        if (path.endsWith("messages")) {
          assertThat(refused.body()).startsWith("{\"type\":\"error\"");
        } else {
          assertThat(refused.body()).contains("\"code\":\"headers_too_large\"");
        }
      }
      assertThat(client.send(request(gateway, CHAT), ofString()).statusCode()).isEqualTo(200);
      assertThat(gateway.admin("/metrics")).contains("status=\"431\"");
      Await.until(
          "both have rows",
          () -> gateway.admin("/admin/v1/requests").split("\"status\":431", -1).length == 3);
      assertThat(provider.requests()).hasSize(1);
    }
  }

  private static HttpRequest request(RunningGateway gateway, String body) {
    return request(gateway, "/v1/chat/completions", body);
  }

  private static HttpRequest request(RunningGateway gateway, String path, String body) {
    return HttpRequest.newBuilder(URI.create("https://localhost:" + gateway.port() + path))
        .header("Authorization", "Bearer " + RunningGateway.KEY)
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }

  @Test
  void tls_http2_drain_streamsFinish() throws Exception {
    TestCertificate certificate = TestCertificate.create();
    Path cert = Files.writeString(directory.resolve("c.pem"), certificate.certificatePem());
    Path key = Files.writeString(directory.resolve("k.pem"), certificate.keyPem());
    String tls = "tls: { certificate: 'file:%s', key: 'file:%s' }".formatted(cert, key);
    Gate gate = new Gate("the answer");
    try (FakeProvider provider = FakeProvider.start();
        HttpClient client =
            HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_2)
                .sslContext(trusting(certificate))
                .build()) {
      provider
          .on("/v1/chat/completions")
          .reply(
              Script.sse("{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"one\"}}]}", "[DONE]")
                  .pauseBefore(1, gate));
      RunningGateway gateway =
          RunningGateway.start(
              directory, RunningGateway.patient(RunningGateway.yaml(directory, provider, tls)));
      CompletableFuture<HttpResponse<String>> answer =
          client.sendAsync(request(gateway, CHAT), ofString());
      gate.awaitArrival();
      CompletableFuture<Void> closing = CompletableFuture.runAsync(gateway::close);
      Await.until("not ready", () -> gateway.admin("/readyz").contains("not ready"));
      gate.open();
      assertThat(answer.get(20, TimeUnit.SECONDS).body()).endsWith("data: [DONE]\n\n");
      closing.get(20, TimeUnit.SECONDS);
    }
  }

  @Test
  void tls_http2_drainOver_isCutWithAnError() throws Exception {
    TestCertificate certificate = TestCertificate.create();
    Path cert = Files.writeString(directory.resolve("c.pem"), certificate.certificatePem());
    Path key = Files.writeString(directory.resolve("k.pem"), certificate.keyPem());
    String tls = "tls: { certificate: 'file:%s', key: 'file:%s' }".formatted(cert, key);
    Gate gate = new Gate("the answer");
    try (FakeProvider provider = FakeProvider.start();
        HttpClient client =
            HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_2)
                .sslContext(trusting(certificate))
                .build()) {
      provider
          .on("/v1/chat/completions")
          .reply(
              Script.sse("{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"one\"}}]}", "[DONE]")
                  .pauseBefore(1, gate));
      RunningGateway gateway =
          RunningGateway.start(
              directory,
              RunningGateway.yaml(directory, provider, tls).replace("drain: 5s", "drain: 100ms"));
      CompletableFuture<HttpResponse<String>> answer =
          client.sendAsync(request(gateway, CHAT), ofString());
      gate.awaitArrival();
      gateway.close();
      assertThat(answer.get(20, TimeUnit.SECONDS).body())
          .containsSubsequence("one", "draining", "data: [DONE]\n\n");
      gate.open();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"http/1.1", "h2"})
  void tls_drainDuringTheHandshake_theConnectionEndsWithIt(String protocol) throws Exception {
    TestCertificate certificate = TestCertificate.create();
    Path cert = Files.writeString(directory.resolve("c.pem"), certificate.certificatePem());
    Path key = Files.writeString(directory.resolve("k.pem"), certificate.keyPem());
    String tls = "tls: { certificate: 'file:%s', key: 'file:%s' }".formatted(cert, key);
    try (FakeProvider provider = FakeProvider.start()) {
      RunningGateway gateway =
          RunningGateway.start(
              directory,
              RunningGateway.yaml(directory, provider, tls)
                  .replace("drain: 5s", "drain: 60s, header_timeout: 60s"));
      try (Socket plain = new Socket(InetAddress.getLoopbackAddress(), gateway.port());
          SSLSocket late =
              (SSLSocket)
                  trusting(certificate)
                      .getSocketFactory()
                      .createSocket(plain, "localhost", gateway.port(), true);
          RawClient served = new RawClient(shakeHands(gateway, certificate))) {
        CompletableFuture<Void> closing = CompletableFuture.runAsync(gateway::close);
        assertThat(served.readToEnd()).isEmpty();
        Await.until("not ready", () -> gateway.admin("/readyz").contains("not ready"));
        SSLParameters parameters = late.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {protocol});
        late.setSSLParameters(parameters);
        late.setSoTimeout(20_000);
        late.startHandshake();
        assertThat(late.getApplicationProtocol()).isEqualTo(protocol);
        byte[] told = late.getInputStream().readAllBytes();
        if (protocol.equals("h2")) {
          assertThat(frameTypes(told)).contains(GOAWAY);
        } else {
          assertThat(told).isEmpty();
        }
        closing.get(5, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void tls_drain_whoSaysNothing_holdsItUpForAMoment() throws Exception {
    TestCertificate certificate = TestCertificate.create();
    Path cert = Files.writeString(directory.resolve("c.pem"), certificate.certificatePem());
    Path key = Files.writeString(directory.resolve("k.pem"), certificate.keyPem());
    String tls = "tls: { certificate: 'file:%s', key: 'file:%s' }".formatted(cert, key);
    try (FakeProvider provider = FakeProvider.start()) {
      RunningGateway gateway =
          RunningGateway.start(
              directory,
              RunningGateway.yaml(directory, provider, tls).replace("drain: 5s", "drain: 60s"));
      try (Socket silent = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
        shakeHands(gateway, certificate).close();
        // A handshake may take 10 s.
        CompletableFuture.runAsync(gateway::close).get(8, TimeUnit.SECONDS);
        assertThat(silent.getInputStream().read()).isNegative();
      }
    }
  }

  /** Returns the types of the HTTP/2 frames there. */
  private static List<Integer> frameTypes(byte[] frames) {
    List<Integer> types = new ArrayList<>();
    ByteBuffer left = ByteBuffer.wrap(frames);
    while (left.hasRemaining()) {
      int lengthAndType = left.getInt();
      types.add(lengthAndType & 0xff);
      left.position(left.position() + 5 + (lengthAndType >>> 8));
    }
    return types;
  }

  @Test
  void tls_filesReplaced_newConnectionsSeeThemAndOldOnesLiveOn() throws Exception {
    TestCertificate first = TestCertificate.create();
    TestCertificate second = TestCertificate.create();
    TestCertificate stranger = TestCertificate.create();
    Path cert = Files.writeString(directory.resolve("c.pem"), first.certificatePem());
    Path key = Files.writeString(directory.resolve("k.pem"), first.keyPem());
    String tls = "tls: { certificate: 'file:%s', key: 'file:%s' }".formatted(cert, key);
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(directory, RunningGateway.yaml(directory, provider, tls));
        RawClient old = new RawClient(shakeHands(gateway, first))) {
      old.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
      assertThat(old.readUntil("ok\n")).startsWith("HTTP/1.1 200");
      // Half a change: this certificate with that key would fail every handshake.
      Files.writeString(key, stranger.keyPem());
      for (int i = 0; i < 3; i++) {
        shakeHands(gateway, first).close();
      }
      Files.writeString(key, second.keyPem());
      Files.writeString(cert, second.certificatePem());
      Await.until("the second certificate is served", () -> isServed(gateway, second));
      assertThat(isServed(gateway, first)).isFalse();
      old.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
      assertThat(old.readUntil("ok\n")).startsWith("HTTP/1.1 200");
    }
  }

  private static Socket shakeHands(RunningGateway gateway, TestCertificate trusted)
      throws Exception {
    SSLSocket socket =
        (SSLSocket) trusting(trusted).getSocketFactory().createSocket("localhost", gateway.port());
    try {
      socket.startHandshake();
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  private static boolean isServed(RunningGateway gateway, TestCertificate certificate) {
    try (Socket socket = shakeHands(gateway, certificate)) {
      return socket.isConnected();
    } catch (Exception e) {
      return false;
    }
  }

  @Test
  void http10_streamEndsWithTheConnection() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(directory, RunningGateway.yaml(directory, provider, ""));
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
      String head =
          "POST /v1/chat/completions HTTP/1.0\r\nAuthorization: Bearer pk-test\r\n"
              + "Content-Type: application/json\r\nContent-Length: "
              + CHAT.length()
              + "\r\n\r\n";
      socket.getOutputStream().write((head + CHAT).getBytes(StandardCharsets.US_ASCII));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answer)
          .contains(" 200 ")
          .doesNotContainIgnoringCase("transfer-encoding")
          .endsWith("data: [DONE]\n\n");
    }
  }

  @Test
  void privateCa_isTrustedForThatProvider() throws Exception {
    TestCertificate certificate = TestCertificate.create();
    Path ca = Files.writeString(directory.resolve("ca.pem"), certificate.certificatePem());
    try (FakeProvider provider = FakeProvider.startTls(certificate);
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.yaml(directory, provider, "")
                    .replace("catalogue: openai", "catalogue: openai\n    ca: file:" + ca))) {
      HttpResponse<String> response = gateway.post("/v1/chat/completions", CHAT);
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    }
  }

  /**
   * The reset follows the answer at once: a client that reads both together may tell of it alone.
   */
  private static String refusal(HttpClient client, HttpRequest request)
      throws InterruptedException {
    try {
      return String.valueOf(client.send(request, ofString()).statusCode());
    } catch (IOException e) {
      return String.valueOf(e.getMessage()).startsWith("RST_STREAM received")
          ? "reset"
          : e.toString();
    }
  }
}

package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
final class FakeProviderTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final String BODY =
      "{\"model\":\"gpt-4o\",\"stream\":true,\"stream_options\":{\"include_usage\":true},"
          + "\"messages\":[{\"role\":\"user\",\"content\":\"tokens=5\"}]}";

  private final FakeProvider provider = FakeProvider.start();
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @AfterEach
  void close() {
    client.close();
    provider.close();
  }

  @Test
  void default_chatStream_reportsAndTalliesUsage() throws Exception {
    String answer = post(BODY).body();

    assertThat(answer).contains("\"completion_tokens\":5").endsWith("data: [DONE]\n\n");
    // The answer's last byte may be read before the provider has noted that it was written.
    Await.until("the answer is tallied", () -> !provider.tallies().isEmpty());
    Tally tally = provider.tallies().get("secret gpt-4o");
    assertThat(tally).isEqualTo(new Tally(1, (BODY.length() + 3) / 4, 5, 0));
    assertThat(provider.requests().getFirst().header("content-type")).isEqualTo("application/json");
  }

  @Test
  void default_everyEndpoint_answers() throws Exception {
    for (String path :
        new String[] {"completions", "embeddings", "moderations", "images/generations", "models"}) {
      assertThat(post("/v1/" + path, "{\"model\":\"m\",\"input\":\"x\"}").statusCode())
          .isEqualTo(200);
    }
    assertThat(post("/v1/audio/speech", "{}").body()).startsWith("ID3");
    assertThat(post("/v1/nothing", "{}").statusCode()).isEqualTo(404);
  }

  @Test
  void rules_nthAndModel_theLatestMatchWins() throws Exception {
    provider.on(CHAT).reply(Script.json("{}"));
    provider.on(CHAT).model("gpt-4o").nth(1).reply(Script.error(429).retryAfter("2"));

    assertThat(post(BODY).statusCode()).isEqualTo(200);
    HttpResponse<String> second = post(BODY);
    assertThat(second.statusCode()).isEqualTo(429);
    assertThat(second.headers().firstValue("retry-after")).contains("2");
    assertThat(post(BODY).statusCode()).isEqualTo(200);
  }

  @Test
  void sse_pauseAndCut_unreportedEventsAreTallied() throws Exception {
    Gate gate = new Gate("second event");
    provider.on(CHAT).reply(Script.sse("{\"a\":1}", "{\"a\":2}").pauseBefore(1, gate).stall());
    HttpResponse<InputStream> answer =
        client.send(request(CHAT, BODY), BodyHandlers.ofInputStream());
    gate.awaitArrival();
    assertThat(answer.body().readNBytes(15)).asString(StandardCharsets.UTF_8).contains("1}");

    gate.open();
    assertThat(answer.body().readNBytes(15)).asString(StandardCharsets.UTF_8).contains("2}");
    answer.body().close();

    provider.awaitRequest(1).awaitClosed();
    Await.until("tally", () -> provider.tally().unreportedEvents() == 2);
  }

  @Test
  void failures_reachTheClientAsFailures() {
    for (Script script :
        new Script[] {
          Script.resetBeforeHeaders(),
          Script.garbage(),
          Script.json("{\"long\":\"enough\"}").cutAfterBytes(5),
          Script.sse("{}").reset(),
        }) {
      provider.on(CHAT).reply(script);
      assertThatThrownBy(() -> post(BODY)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void endlessAndTrickle_streamUntilTheClientLeaves() throws Exception {
    provider.on(CHAT).reply(Script.endless("{\"x\":\"" + "y".repeat(10_000) + "\"}"));
    provider.on(CHAT).nth(1).reply(Script.oversized(50).chunked(20).trickle(Duration.ofMillis(1)));

    InputStream body = client.send(request(CHAT, BODY), BodyHandlers.ofInputStream()).body();
    assertThat(body.readNBytes(1_000_000)).hasSize(1_000_000);
    body.close();

    assertThat(post(BODY).body()).hasSizeGreaterThan(50);
    provider.requests().getFirst().awaitClosed();
  }

  @Test
  void tls_certificateMadeAtRunTime_isTrustedByItsOwnClient() throws Exception {
    TestCertificate certificate = TestCertificate.create();
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    trusted.setCertificateEntry(
        "ca",
        CertificateFactory.getInstance("X.509")
            .generateCertificate(
                new java.io.ByteArrayInputStream(
                    certificate.certificatePem().getBytes(StandardCharsets.UTF_8))));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    try (FakeProvider secure = FakeProvider.startTls(certificate);
        HttpClient https = HttpClient.newBuilder().sslContext(context).build()) {
      HttpRequest get = HttpRequest.newBuilder(URI.create(secure.baseUrl() + "/models")).build();
      assertThat(https.send(get, BodyHandlers.ofString()).statusCode()).isEqualTo(200);
    }
  }

  private HttpResponse<String> post(String body) throws Exception {
    return post(CHAT, body);
  }

  private HttpResponse<String> post(String path, String body) throws Exception {
    return client.send(request(path, body), BodyHandlers.ofString());
  }

  private HttpRequest request(String path, String body) {
    return HttpRequest.newBuilder(URI.create(provider.url() + path))
        .header("authorization", "Bearer secret")
        .header("content-type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }
}

package io.penstock.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Ticker;
import io.penstock.providers.auth.OAuthTokens;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Token exchanges over real sockets. */
class CredentialFetcherTest {
  private static final String HALF =
      "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";

  @Test
  @Timeout(60)
  void answerThatStallsInItsBody_isGivenUpAndAskedAgain() throws IOException {
    try (ServerSocket server = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
        CredentialFetcher fetcher = new CredentialFetcher(Ticker.system(), Duration.ofMillis(50))) {
      server.setSoTimeout(30_000);
      String base = "http://localhost:" + server.getLocalPort();
      FetchedCredential source =
          fetcher.source("azure", OAuthTokens.entra(base, "t", "c", "s", OAuthTokens.AZURE_SCOPE));
      source.start();
      try (Socket first = server.accept()) {
        first.getOutputStream().write(HALF.getBytes(UTF_8));
        // Without an end to the exchange there would never be a second connection.
        try (Socket second = server.accept()) {
          assertThat(second.isConnected()).isTrue();
        }
      }
    }
  }
}

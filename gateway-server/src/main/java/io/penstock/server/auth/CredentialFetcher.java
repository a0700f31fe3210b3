package io.penstock.server.auth;

import io.penstock.core.Ticker;
import io.penstock.providers.UpstreamRequest.Header;
import io.penstock.providers.auth.TokenExchange;
import io.penstock.providers.auth.TokenExchange.Response;
import io.penstock.server.outbound.OutboundHttp;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * The threads and the HTTP client that token exchanges run on, away from the event loops. Each
 * exchange has a virtual thread of its own while it runs. Thread-safe.
 */
public final class CredentialFetcher implements AutoCloseable {
  private static final Duration WHOLE = Duration.ofSeconds(10);
  private static final long MAX_BYTES = 1 << 20;
  private static final Response NO_ANSWER = new Response(0, new byte[0]);

  private final Ticker ticker;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofVirtual().name("credentials-timer").factory());
  private final OutboundHttp http;

  /** Creates the fetcher; {@link #close()} ends its threads. */
  public CredentialFetcher(Ticker ticker) {
    this(ticker, WHOLE);
  }

  /** Creates a fetcher whose exchanges take at most that long each, body included. */
  CredentialFetcher(Ticker ticker, Duration whole) {
    this.ticker = ticker;
    this.http = new OutboundHttp(whole);
  }

  /** Returns a source for that provider; it holds nothing until it is started. */
  public FetchedCredential source(String provider, TokenExchange exchange) {
    return new FetchedCredential(provider, exchange, this::send, this::later, ticker);
  }

  private void later(Duration wait, Runnable task) {
    if (!timer.isShutdown()) {
      var _ = timer.schedule(() -> threads.execute(task), wait.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private CompletionStage<Response> send(TokenExchange.Request request) {
    HttpRequest.Builder to =
        HttpRequest.newBuilder(request.uri())
            .method(request.method(), HttpRequest.BodyPublishers.ofByteArray(request.body()));
    for (Header header : request.headers()) {
      to.header(header.name(), header.value());
    }
    // Whoever asks has a virtual thread for it.
    return CompletableFuture.completedFuture(answer(to.build()));
  }

  private Response answer(HttpRequest request) {
    try {
      HttpResponse<byte[]> answer =
          http.send(
              request,
              HttpResponse.BodyHandlers.limiting(
                  HttpResponse.BodyHandlers.ofByteArray(), MAX_BYTES));
      return new Response(answer.statusCode(), answer.body());
    } catch (IOException e) {
      return NO_ANSWER;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return NO_ANSWER;
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
    http.close();
    threads.shutdownNow();
  }
}

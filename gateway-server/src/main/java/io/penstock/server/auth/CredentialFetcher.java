package io.penstock.server.auth;

import io.penstock.core.Ticker;
import io.penstock.providers.UpstreamRequest.Header;
import io.penstock.providers.auth.TokenExchange;
import io.penstock.providers.auth.TokenExchange.Response;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
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
  private static final Duration CONNECT = Duration.ofSeconds(2);
  private static final Duration ANSWER = Duration.ofSeconds(10);

  /** The client's own timeout ends with the headers: a body may stall for ever. */
  private static final Duration WHOLE = Duration.ofSeconds(15);

  private static final Response NO_ANSWER = new Response(0, new byte[0]);

  private final Ticker ticker;
  private final Duration whole;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofVirtual().name("credentials-timer").factory());
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT)
          .executor(threads)
          .build();

  /** Creates the fetcher; {@link #close()} ends its threads. */
  public CredentialFetcher(Ticker ticker) {
    this(ticker, WHOLE);
  }

  /** Creates a fetcher whose exchanges take at most that long each, body included. */
  CredentialFetcher(Ticker ticker, Duration whole) {
    this.ticker = ticker;
    this.whole = whole;
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
            .timeout(ANSWER)
            .method(request.method(), HttpRequest.BodyPublishers.ofByteArray(request.body()));
    for (Header header : request.headers()) {
      to.header(header.name(), header.value());
    }
    return http.sendAsync(to.build(), HttpResponse.BodyHandlers.ofByteArray())
        .handle((answer, failed) ->
            failed == null ? new Response(answer.statusCode(), answer.body()) : NO_ANSWER)
        .completeOnTimeout(NO_ANSWER, whole.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    timer.shutdownNow();
    http.shutdownNow();
    threads.shutdownNow();
  }
}

package io.penstock.server.outbound;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A client for the gateway's own calls: keys, prices, credentials, telemetry, webhooks. Each
 * exchange ends in time, body included: the JDK's own timeout ends with the headers, and a body may
 * stall for ever. Redirects are not followed. Thread-safe.
 */
public final class OutboundHttp implements AutoCloseable {
  private final Duration whole;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private @Nullable HttpClient client;
  private boolean closed;

  /**
   * Creates a client; {@link #close} ends it and what is under way.
   *
   * @param whole the most that an exchange takes, from connecting to the last byte
   */
  public OutboundHttp(Duration whole) {
    this.whole = whole;
  }

  /** Made when it is first needed: the trusted certificates take a tenth of a start to read. */
  private synchronized HttpClient client() throws IOException {
    if (closed) {
      throw new IOException("closed");
    }
    if (client == null) {
      client =
          HttpClient.newBuilder()
              .version(HttpClient.Version.HTTP_1_1)
              .connectTimeout(whole)
              .executor(threads)
              .build();
    }
    return client;
  }

  /**
   * Sends a request and waits for its whole answer; an exchange that is given up closes its
   * connection.
   *
   * @throws HttpTimeoutException when there is no whole answer in time
   * @throws IOException when there is none at all; the text never holds the address
   */
  public <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> body)
      throws IOException, InterruptedException {
    CompletableFuture<HttpResponse<T>> exchange = client().sendAsync(request, body);
    try {
      return exchange.get(whole.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new HttpTimeoutException("no whole answer within " + whole.toMillis() + " ms");
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException known ? known : new IOException("no answer", e);
    } finally {
      exchange.cancel(true);
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (client != null) {
      client.shutdownNow();
    }
    threads.shutdown();
  }
}

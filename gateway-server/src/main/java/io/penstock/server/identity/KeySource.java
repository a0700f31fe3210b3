package io.penstock.server.identity;

import com.nimbusds.jose.jwk.JWKSet;
import io.penstock.core.Ticker;
import io.penstock.server.outbound.OutboundHttp;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The public keys of one issuer: fetched when it starts, then every so often, sooner when a token
 * names a key that is not there. What was fetched last stays in use while the issuer is away.
 * Thread-safe; only {@link #close} and the fetching thread ever wait.
 */
final class KeySource implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(KeySource.class);
  private static final long MAX_BYTES = 1 << 20;
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final long FIRST_BACKOFF_MILLIS = 500;
  private static final long MAX_BACKOFF_MILLIS = 60_000;

  /** Made-up key ids must not become traffic for the issuer. */
  private static final long DEMAND_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** Keys, counted so that it is cheap to see that they are others. */
  private record Fetched(JWKSet keys, int version) {}

  private final URI address;
  private final long refreshMillis;
  private final Ticker ticker;
  private final OutboundHttp http = new OutboundHttp(TIMEOUT);
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(Thread.ofVirtual().name("jwks").factory());
  private final AtomicLong demandedNanos;
  private volatile Fetched fetched = new Fetched(new JWKSet(), 0);
  private int failures;

  KeySource(URI address, Duration refresh, Ticker ticker) {
    this.address = address;
    this.refreshMillis = refresh.toMillis();
    this.ticker = ticker;
    this.demandedNanos = new AtomicLong(ticker.nanoTime() - DEMAND_NANOS);
  }

  /** Fetches now, and every so often until it is closed. Once. */
  void start() {
    thread.execute(this::refresh);
  }

  /** Returns the keys as last fetched; empty before the first answer. */
  JWKSet keys() {
    return fetched.keys();
  }

  /** Returns a number that grows when the keys change. */
  int version() {
    return fetched.version();
  }

  /** Fetches soon, because a token names a key that is not there; at most once in five seconds. */
  void demand() {
    long now = ticker.nanoTime();
    long last = demandedNanos.get();
    if (now - last >= DEMAND_NANOS && demandedNanos.compareAndSet(last, now)) {
      try {
        thread.execute(this::fetch);
      } catch (RejectedExecutionException e) {
        LOG.atDebug().addKeyValue("jwks", address).log("closed; not fetched");
      }
    }
  }

  /** Fetches and plans the next time: the configured pause, or a growing one after failures. */
  private void refresh() {
    fetch();
    long backoff = FIRST_BACKOFF_MILLIS << Math.min(failures, 10);
    long pause = failures == 0 ? refreshMillis : Math.min(backoff, MAX_BACKOFF_MILLIS);
    try {
      thread.schedule(this::refresh, Math.min(pause, refreshMillis), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      LOG.atDebug().addKeyValue("jwks", address).log("closed; not fetched again");
    }
  }

  private void fetch() {
    try {
      HttpResponse<byte[]> answer =
          http.send(
              HttpRequest.newBuilder(address).build(),
              HttpResponse.BodyHandlers.limiting(
                  HttpResponse.BodyHandlers.ofByteArray(), MAX_BYTES));
      if (answer.statusCode() != 200) {
        throw new IOException("status " + answer.statusCode() + " (expected: 200)");
      }
      JWKSet answered =
          JWKSet.parse(new String(answer.body(), StandardCharsets.UTF_8)).toPublicJWKSet();
      failures = 0;
      if (!answered.equals(keys())) {
        // Only a real change: verified tokens are kept for as long as the keys are these.
        fetched = new Fetched(answered, version() + 1);
        LOG.atInfo()
            .addKeyValue("jwks", address)
            .addKeyValue("keys", answered.size())
            .log("token keys fetched");
      }
    } catch (IOException | ParseException e) {
      failures++;
      LOG.atWarn()
          .addKeyValue("jwks", address)
          .addKeyValue("problem", String.valueOf(e.getMessage()))
          .addKeyValue("failures", failures)
          .log("token keys could not be fetched; the last ones stay in use");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
    http.close();
  }
}

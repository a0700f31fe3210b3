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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
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

  /** How long a call waits for keys: a client takes that for a slow answer. */
  private static final Duration WAIT = Duration.ofSeconds(2);

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
  private final AtomicInteger demands = new AtomicInteger();
  private volatile Fetched fetched = new Fetched(new JWKSet(), 0);
  private volatile boolean known;
  private volatile CompletableFuture<Void> next = new CompletableFuture<>();

  // Of the fetching thread.
  private int failures;
  private String told = "";

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
      demands.incrementAndGet();
      try {
        thread.execute(() -> fetch(true));
      } catch (RejectedExecutionException e) {
        demands.decrementAndGet();
        LOG.atDebug().addKeyValue("jwks", address).log("closed; not fetched");
      }
    }
  }

  /**
   * Returns what completes with the next fetch, however that ends, or in two seconds, on any
   * thread; null where there are keys and no fetch was demanded.
   */
  @Nullable CompletionStage<Void> awaited() {
    // Before the question: a fetch that ends in between has completed it.
    CompletableFuture<Void> ends = next;
    // A copy: who has waited long enough is not kept until the issuer answers.
    return known && demands.get() == 0
        ? null
        : ends.copy().completeOnTimeout(null, WAIT.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Fetches and plans the next time: the configured pause, or a growing one after failures. */
  private void refresh() {
    try {
      fetch(false);
    } finally {
      // Whatever happened: a source that stops would trust withdrawn keys for ever.
      plan();
    }
  }

  private void plan() {
    long backoff = FIRST_BACKOFF_MILLIS << Math.min(failures, 10);
    long pause = failures == 0 ? refreshMillis : Math.min(backoff, MAX_BACKOFF_MILLIS);
    try {
      thread.schedule(this::refresh, Math.min(pause, refreshMillis), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      LOG.atDebug().addKeyValue("jwks", address).log("closed; not fetched again");
    }
  }

  private void fetch(boolean demanded) {
    try {
      take(answer());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | ParseException | RuntimeException | StackOverflowError e) {
      // The parser throws what it likes at JSON that is no set of keys.
      failed(e);
    } finally {
      if (demanded) {
        demands.decrementAndGet();
      }
      if (demands.get() == 0) {
        // Else who waits for the demanded one would be told by this, which may be too old.
        CompletableFuture<Void> ended = next;
        next = new CompletableFuture<>();
        ended.complete(null);
      }
    }
  }

  private JWKSet answer() throws IOException, ParseException, InterruptedException {
    HttpResponse<byte[]> answer =
        http.send(
            HttpRequest.newBuilder(address).build(),
            HttpResponse.BodyHandlers.limiting(HttpResponse.BodyHandlers.ofByteArray(), MAX_BYTES));
    if (answer.statusCode() != 200) {
      throw new IOException("status " + answer.statusCode() + " (expected: 200)");
    }
    return JWKSet.parse(new String(answer.body(), StandardCharsets.UTF_8)).toPublicJWKSet();
  }

  private void take(JWKSet answered) {
    boolean changed = !answered.equals(keys());
    if (changed) {
      // Only a real change: verified tokens are kept for as long as the keys are these.
      fetched = new Fetched(answered, version() + 1);
    }
    if (!known) {
      // What was asked for while there was nothing says nothing of keys made up since.
      demandedNanos.set(ticker.nanoTime() - DEMAND_NANOS);
      known = true;
    }
    if (changed || failures > 0) {
      LOG.atInfo()
          .addKeyValue("jwks", address)
          .addKeyValue("keys", answered.size())
          .log("token keys fetched");
    }
    failures = 0;
    told = "";
  }

  /** Tells of each problem once until keys are fetched again. */
  private void failed(Throwable problem) {
    failures++;
    String message = problem.getMessage();
    String what = message == null ? problem.toString() : message;
    boolean again = what.equals(told);
    told = what;
    (again ? LOG.atDebug() : LOG.atWarn())
        .addKeyValue("jwks", address)
        .addKeyValue("problem", what)
        .addKeyValue("failures", failures)
        .log("token keys could not be fetched; the last ones stay in use");
  }

  @Override
  public void close() {
    thread.shutdownNow();
    http.close();
  }
}

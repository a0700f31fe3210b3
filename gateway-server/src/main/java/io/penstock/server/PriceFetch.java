package io.penstock.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.server.config.PricesConfig;
import io.penstock.server.config.value.SecretUrl;
import io.penstock.server.outbound.OutboundHttp;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches the price catalogue that {@code prices.refresh} names, every so often, on a thread of its
 * own. An address that does not answer changes nothing. What was fetched is judged by whom it is
 * given to.
 */
final class PriceFetch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PriceFetch.class);
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final long MAX_BYTES = 32L << 20;
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final Consumer<JsonNode> taker;
  private final OutboundHttp http = new OutboundHttp(TIMEOUT);
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(Thread.ofVirtual().name("prices").factory());
  private PricesConfig.@Nullable RefreshConfig current;
  private @Nullable ScheduledFuture<?> running;

  /**
   * Creates the fetcher; nothing is fetched before {@link #follow}.
   *
   * @param taker is given every catalogue, on the fetching thread
   */
  PriceFetch(Consumer<JsonNode> taker) {
    this.taker = taker;
  }

  /** Fetches from there from now on; does nothing when that is what it does. */
  synchronized void follow(PricesConfig.RefreshConfig refresh) {
    if (refresh.equals(current)) {
      return;
    }
    current = refresh;
    if (running != null) {
      running.cancel(false);
      running = null;
    }
    SecretUrl url = refresh.url();
    if (url != null && !url.reveal().isEmpty()) {
      running =
          thread.scheduleWithFixedDelay(
              () -> fetch(url), 0, refresh.every().toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void fetch(SecretUrl url) {
    try {
      HttpResponse<byte[]> answer =
          http.send(
              HttpRequest.newBuilder(URI.create(url.reveal())).build(),
              HttpResponse.BodyHandlers.limiting(
                  HttpResponse.BodyHandlers.ofByteArray(), MAX_BYTES));
      if (answer.statusCode() != 200) {
        throw new IOException("status " + answer.statusCode() + " (expected: 200)");
      }
      taker.accept(MAPPER.readTree(answer.body()));
    } catch (JsonProcessingException e) {
      failed(url, "not JSON: " + e.getOriginalMessage());
    } catch (IOException e) {
      failed(url, String.valueOf(e.getMessage()));
    } catch (IllegalArgumentException e) {
      // Its text holds the address, and the address may hold a token.
      failed(url, "no http address");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void failed(SecretUrl url, String problem) {
    LOG.atWarn()
        .addKeyValue("url", url)
        .addKeyValue("problem", problem)
        .log("the price catalogue could not be fetched; the last one stays");
  }

  @Override
  public void close() {
    thread.shutdownNow();
    http.close();
  }
}

package io.penstock.server.chaos;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** 64 clients; every fourth is on the budget that runs out. One in six leaves within a stream. */
final class Clients {
  static final int COUNT = 64;

  /** More tokens than the provider ever counts as input. */
  private static final String FILLER = " a".repeat(1_000);

  /** Between two calls: there is one machine for them all. */
  private static final long THINK_MILLIS = 250;

  private final List<GatewayProcess> gateways;
  private final CallBook book;
  private final HttpClient http;
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean stopped;

  Clients(List<GatewayProcess> gateways, CallBook book, HttpClient http) {
    this.gateways = gateways;
    this.book = book;
    this.http = http;
  }

  /** What a call holds at most: input by its bytes, output by its cap. */
  static long boundNanos() {
    return (body(Long.MAX_VALUE, true).length() + 64) * 150L + TallyingProvider.MOST_OUTPUT * 600L;
  }

  private static String body(long number, boolean stream) {
    return """
    {"model":"gpt-4o-mini","max_tokens":%d,"stream":%s,"messages":[{"role":"user","content":"call %d %s"}]}\
    """
        .formatted(TallyingProvider.MOST_OUTPUT, stream, number, FILLER);
  }

  void start(long seed) {
    for (int i = 0; i < COUNT; i++) {
      Random random = new Random(seed * 1_000 + i);
      boolean limited = i % 4 == 0;
      String key = limited ? "pk-limited" : "pk-" + i % 8;
      threads.add(
          Thread.startVirtualThread(() -> {
            while (!stopped) {
              GatewayProcess to = gateways.get(random.nextInt(gateways.size()));
              call(to, limited, key, random.nextInt(5) < 2, random.nextInt(6) == 0);
              LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextLong(THINK_MILLIS)));
            }
          }));
    }
  }

  /** Lets every client finish its call. */
  void stop() throws InterruptedException {
    stopped = true;
    for (Thread thread : threads) {
      thread.join();
    }
  }

  /** Makes one call; returns whether it was served. */
  boolean call(GatewayProcess to, boolean limited, String key, boolean stream, boolean leaves) {
    CallBook.Open open = book.begin(limited, stream);
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(to.url() + "/v1/chat/completions"))
            .timeout(Duration.ofSeconds(40))
            .header("content-type", "application/json")
            .header("authorization", "Bearer " + key)
            .header("x-penstock-metadata", "{\"call\":\"" + open.number() + "\"}")
            .POST(HttpRequest.BodyPublishers.ofString(body(open.number(), stream)))
            .build();
    try {
      HttpResponse<InputStream> response =
          http.send(request, HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream in = response.body()) {
        if (response.statusCode() != 200) {
          open.answered(
              response.statusCode(), new String(in.readAllBytes(), StandardCharsets.UTF_8));
          return false;
        }
        if (stream ? whole(in, leaves) : in.readAllBytes().length > 0) {
          open.served();
        } else {
          open.cut();
        }
        return true;
      }
    } catch (IOException e) {
      open.cut();
      return false;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static boolean whole(InputStream in, boolean leaves) throws IOException {
    BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    int seen = 0;
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.equals("data: [DONE]")) {
        return true;
      }
      if (leaves && ++seen > 6) {
        return false;
      }
    }
    return false;
  }
}

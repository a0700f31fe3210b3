package io.penstock.server.chaos;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A provider that writes down what it would bill for every call it was sent. What a call uses
 * follows from its number; a streamed token is one event.
 */
final class TallyingProvider implements AutoCloseable {
  /** Most output tokens of a call; the cap that clients send. */
  static final int MOST_OUTPUT = 250;

  private static final int MOST_INPUT = 800;
  private static final Pattern CALL = Pattern.compile("call (\\d+) ");
  private static final long PACE = TimeUnit.MILLISECONDS.toNanos(4);

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<Long, Use> tally = new ConcurrentHashMap<>();
  private final Set<Long> twice = ConcurrentHashMap.newKeySet();

  /** Tokens, and what they cost on gpt-4o-mini. */
  record Use(long input, long output) {
    /** Returns what call {@code n} uses when it is answered in full. */
    static Use of(long n, boolean stream) {
      return new Use(1 + n * 7 % MOST_INPUT, stream ? 8 + n % 60 : 1 + n * 13 % MOST_OUTPUT);
    }

    long nanos() {
      return input * 150 + output * 600;
    }
  }

  TallyingProvider() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext("/v1/chat/completions", this::answer);
    server.setExecutor(threads);
    server.start();
  }

  String baseUrl() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/v1";
  }

  /** What it bills, by call: of a stream that was cut, what it had sent until it noticed. */
  Map<Long, Use> tally() {
    return tally;
  }

  /** Calls that it was sent more than once. */
  Set<Long> twice() {
    return twice;
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      Matcher matcher = CALL.matcher(body);
      if (!matcher.find()) {
        throw new IOException("no call in " + body);
      }
      long n = Long.parseLong(matcher.group(1));
      boolean stream = body.contains("\"stream\":true");
      Use use = Use.of(n, stream);
      if (tally.putIfAbsent(n, new Use(use.input(), 0)) != null) {
        twice.add(n);
      }
      if (stream) {
        stream(exchange, n, use);
      } else {
        whole(exchange, n, use);
      }
    }
  }

  private static String usage(Use use) {
    return "\"usage\":{\"prompt_tokens\":%d,\"completion_tokens\":%d,\"total_tokens\":%d}"
        .formatted(use.input(), use.output(), use.input() + use.output());
  }

  private void whole(HttpExchange exchange, long n, Use use) throws IOException {
    LockSupport.parkNanos(PACE * (n % 12));
    byte[] bytes =
        """
        {"id":"c%d","object":"chat.completion","model":"gpt-4o-mini","choices":[{"index":0,\
        "message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],%s}\
        """
            .formatted(n, usage(use))
            .getBytes(StandardCharsets.UTF_8);
    tally.put(n, use);
    exchange.getResponseHeaders().set("content-type", "application/json");
    exchange.sendResponseHeaders(200, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  private void stream(HttpExchange exchange, long n, Use use) throws IOException {
    exchange.getResponseHeaders().set("content-type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    OutputStream out = exchange.getResponseBody();
    for (long i = 0; i < use.output(); i++) {
      tally.put(n, new Use(use.input(), i + 1));
      event(out, n, "\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"}}]");
      LockSupport.parkNanos(PACE);
    }
    event(out, n, "\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]");
    event(out, n, "\"choices\":[]," + usage(use));
    out.write("data: [DONE]\n\n".getBytes(StandardCharsets.UTF_8));
  }

  private static void event(OutputStream out, long n, String rest) throws IOException {
    out.write(
        "data: {\"id\":\"c%d\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-4o-mini\",%s}\n\n"
            .formatted(n, rest)
            .getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}

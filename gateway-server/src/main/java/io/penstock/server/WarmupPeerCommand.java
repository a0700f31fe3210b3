package io.penstock.server;

import io.penstock.server.command.ExitCode;
import io.penstock.server.demo.DemoProvider;
import io.penstock.server.upstream.Transport;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code penstock warmup-peer}: the provider and the clients of {@link WarmupCommand}. Makes its
 * calls and ends.
 */
@Command(
    name = "warmup-peer",
    hidden = true,
    description = "The other side of the warm-up: a provider and clients.",
    mixinStandardHelpOptions = true)
final class WarmupPeerCommand implements Callable<Integer> {
  static final String KEY = "pk-warmup";

  /** Before what the flood did, in a line of the output. */
  static final String FLOOD = "flood: ";

  private static final int CLIENTS = 8;

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int STREAM_EVERY = 25;
  private static final int REPEAT_EVERY = 20;

  /** How often there is something else than an answered call, of each kind in turn. */
  private static final int ASIDE_EVERY = 20;

  private static final String FILLER = "The penstock carries water to the turbine. ".repeat(20);

  @Option(names = "--calls", required = true, description = "of each client")
  private int calls;

  @Option(names = "--provider", required = true, description = "the provider's port")
  private int provider;

  @Option(names = "--gateway", required = true, description = "the gateway's port")
  private int gateway;

  @Option(names = "--admin", required = true, description = "the gateway's admin port")
  private int admin;

  /** Starts this command in a process of its own, with this process' Java and class path. */
  static Process spawn(int calls, int provider, int gateway, int admin) throws IOException {
    String java = ProcessHandle.current().info().command().orElse("java");
    return new ProcessBuilder(
            java,
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "warmup-peer",
            "--calls",
            String.valueOf(calls),
            "--provider",
            String.valueOf(provider),
            "--gateway",
            String.valueOf(gateway),
            "--admin",
            String.valueOf(admin))
        .redirectErrorStream(true)
        .start();
  }

  @Override
  public Integer call() throws Exception {
    // The provider ends with the process.
    DemoProvider.start(provider, Transport.NIO.newGroup(1, "provider"), Transport.NIO);
    try (ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      List<Future<?>> clients = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        int client = i;
        clients.add(threads.submit(() -> ask(http, client)));
      }
      for (Future<?> client : clients) {
        client.get();
      }
    }
    try {
      String flood = WarmupFlood.run(gateway, KEY, body("gpt-4o-mini", false, FILLER + "flood"));
      System.out.println(FLOOD + flood);
    } catch (IOException e) {
      // A cache without it is far better than none: a machine may have few file descriptors.
      System.out.println("no " + FLOOD + e.getMessage());
    }
    return ExitCode.OK;
  }

  private Void ask(HttpClient http, int client) throws Exception {
    for (int i = 0; i < calls; i++) {
      boolean again = i % REPEAT_EVERY == 0;
      String content = FILLER + (again ? "again" : "call " + client + '/' + i);
      send(http, 200, chat(KEY, "gpt-4o-mini", i % STREAM_EVERY == 1, content));
      if (i % ASIDE_EVERY == 0) {
        aside(http, i / ASIDE_EVERY + client);
      }
    }
    return null;
  }

  /**
   * What comes seldom goes the same way as calls. A profile that has none of it lets the compilers
   * leave it out, and the first scrape of a gateway at work has code compiled anew.
   */
  private void aside(HttpClient http, int turn) throws Exception {
    switch (turn % 6) {
      case 0 -> send(http, 200, to(admin, "/metrics"));
      case 1 -> send(http, 200, to(gateway, "/healthz"));
      case 2 -> send(http, 200, to(gateway, "/v1/models").header("Authorization", "Bearer " + KEY));
      case 3 -> send(http, 404, chat(KEY, "none", false, FILLER));
      case 4 -> send(http, 401, chat("pk-unknown", "gpt-4o-mini", false, FILLER));
      default -> send(http, 400, chat(KEY, "gpt-4o-mini", false, "\u0000\\"));
    }
  }

  private static HttpRequest.Builder to(int port, String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
  }

  private HttpRequest.Builder chat(String key, String model, boolean stream, String content) {
    return to(gateway, "/v1/chat/completions")
        .header("Authorization", "Bearer " + key)
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body(model, stream, content)));
  }

  private static String body(String model, boolean stream, String content) {
    return "{\"model\":\"%s\",\"max_tokens\":3,\"stream\":%s,\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}"
        .formatted(model, stream, content);
  }

  private static void send(HttpClient http, int expected, HttpRequest.Builder request)
      throws Exception {
    HttpResponse<String> response =
        http.send(request.timeout(PATIENCE).build(), HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() != expected) {
      throw new IOException(
          "status %d of %s, expected %d: %s"
              .formatted(
                  response.statusCode(), response.uri().getPath(), expected, response.body()));
    }
  }
}

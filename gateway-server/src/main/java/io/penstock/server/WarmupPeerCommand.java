package io.penstock.server;

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

  private static final int CLIENTS = 8;

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int STREAM_EVERY = 25;
  private static final int REPEAT_EVERY = 20;
  private static final String FILLER = "The penstock carries water to the turbine. ".repeat(20);

  @Option(names = "--calls", required = true, description = "of each client")
  private int calls;

  @Option(names = "--provider", required = true, description = "the provider's port")
  private int provider;

  @Option(names = "--gateway", required = true, description = "the gateway's port")
  private int gateway;

  /** Starts this command in a process of its own, with this process' Java and class path. */
  static Process spawn(int calls, int provider, int gateway) throws IOException {
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
            String.valueOf(gateway))
        .redirectErrorStream(true)
        .start();
  }

  @Override
  public Integer call() throws Exception {
    // The provider ends with the process.
    DemoProvider.start(provider, Transport.NIO.newGroup(1, "provider"), Transport.NIO);
    URI uri = URI.create("http://127.0.0.1:" + gateway + "/v1/chat/completions");
    try (ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      List<Future<?>> clients = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        int client = i;
        clients.add(threads.submit(() -> ask(http, uri, client)));
      }
      for (Future<?> client : clients) {
        client.get();
      }
    }
    return Main.OK;
  }

  private Void ask(HttpClient http, URI uri, int client) throws Exception {
    for (int i = 0; i < calls; i++) {
      boolean again = i % REPEAT_EVERY == 0;
      String body =
          "{\"model\":\"gpt-4o-mini\",\"max_tokens\":3,\"stream\":%s,\"messages\":[{\"role\":\"user\",\"content\":\"%s%s\"}]}"
              .formatted(
                  i % STREAM_EVERY == 1, FILLER, again ? "again" : "call " + client + '/' + i);
      HttpRequest request =
          HttpRequest.newBuilder(uri)
              .timeout(PATIENCE)
              .header("Authorization", "Bearer " + KEY)
              .header("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofString(body))
              .build();
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw new IOException(
            "status " + response.statusCode() + ", expected 200: " + response.body());
      }
    }
    return null;
  }
}

package io.penstock.bench;

import io.penstock.bench.FailingProvider.Failure;
import io.penstock.bench.Launcher.Unavailable;
import io.penstock.testkit.Ports;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The primary goes down under load, and comes back: what callers feel, how many calls still reach
 * the dead provider, how soon it is used again.
 */
@Command(
    name = "outage",
    mixinStandardHelpOptions = true,
    description = "Takes the primary of two providers down under load, in several ways.")
final class OutageCommand implements Callable<Integer> {
  private static final Pattern ATTEMPTS =
      Pattern.compile(
          "(?m)^penstock_upstream_attempts_total\\{[^}]*provider=\"primary\"[^}]*} ([0-9.E+]+)$");
  private static final PrintStream OUT = System.out;
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final int THRESHOLD = 5;

  @Option(names = "--rate", defaultValue = "1000", description = "requests due per second")
  private int rate;

  @Option(names = "--connections", defaultValue = "64")
  private int connections;

  @Option(names = "--failure", split = ",", description = "refused, unavailable, silent; all")
  private List<String> failures = new ArrayList<>();

  @Option(names = "--retries", defaultValue = "2", description = "of the same provider")
  private int retries;

  @Option(
      names = "--first-byte",
      defaultValue = "400ms",
      description = "how long silence is waited for")
  private String firstByte = "400ms";

  @Option(names = "--open", defaultValue = "3", description = "seconds until an open breaker tries")
  private int open;

  @Option(names = "--warmup", defaultValue = "15", description = "seconds, unmeasured")
  private int warmup;

  /** Exit codes: 0 all bounds kept, 1 some were not. */
  @Override
  public Integer call() throws Unavailable, IOException, InterruptedException {
    int admin = Ports.free();
    try (Launcher launcher = Launcher.open(false);
        FailingProvider primary = FailingProvider.start()) {
      Target spare = launcher.mock(new Launcher.Mock(0, 30, 0, 0));
      Launcher.Gateway file = Launcher.Gateway.of("outage", "", "outage.yaml");
      String yaml = fill(file.yaml(), primary, admin);
      Target gateway =
          launcher.penstock(
              new Launcher.Gateway(file.name(), file.repository(), "", yaml), spare, "");
      LoadGenerator.run(gateway.chat(), load(warmup));
      boolean kept = true;
      for (Failure failure : Failure.values()) {
        String name = failure.name().toLowerCase(Locale.ROOT);
        if (failures.isEmpty() || failures.contains(name)) {
          kept &= new Outage(primary, gateway.chat(), admin, failure).run(name);
        }
      }
      return kept ? 0 : 1;
    }
  }

  private String fill(String yaml, FailingProvider primary, int admin) {
    return yaml.replace("${PRIMARY}", "http://127.0.0.1:" + primary.port() + "/v1")
        .replace("${BENCH_ADMIN}", "127.0.0.1:" + admin)
        .replace("${RETRIES}", Integer.toString(retries))
        .replace("${FAILURES}", Integer.toString(THRESHOLD))
        .replace("${FIRST_BYTE}", firstByte)
        .replace("${OPEN}", open + "s");
  }

  private Load load(int seconds) {
    return new Load(Load.Kind.UNIQUE, rate, seconds, connections, 1000);
  }

  /** One outage from its beginning to its end. */
  private final class Outage {
    private final FailingProvider primary;
    private final URI chat;
    private final int admin;
    private final Failure how;
    private boolean kept = true;

    Outage(FailingProvider primary, URI chat, int admin, Failure how) {
      this.primary = primary;
      this.chat = chat;
      this.admin = admin;
      this.how = how;
    }

    boolean run(String name) throws IOException, InterruptedException {
      LoadResult before = LoadGenerator.run(chat, load(5));
      double usual = before.latency().getValueAtPercentile(99) / 1000.0;
      long attempts = attempts();
      long served = primary.answered();
      // The first second and a half from the moment it fails: callers that come before are few.
      CompletableFuture<LoadResult> learning = start(load(2));
      pause(500);
      primary.fail(how);
      LoadResult learned = learning.join();
      int reached = primary.arrivals().length;
      int late = late();
      long started = attempts() - attempts - (primary.answered() - served);
      LoadResult after = LoadGenerator.run(chat, load(2 * open + 1));
      long recovery = recover();
      OUT.printf(
          "%n%s: %d/s, p50 before %.2f ms, p99 before %.2f ms%n",
          name, rate, before.latency().getValueAtPercentile(50) / 1000.0, usual);
      say("p99 added while the breaker learns", added(learned, usual), 500, "ms");
      say("p99 added while it is open", added(after, usual), 2, "ms");
      say("calls failed", (double) (learned.failed() + after.failed()), 0, "");
      String how =
          this.how == Failure.REFUSED
              ? "attempts %d".formatted(started)
              : "requests %d, of which %d after the %dth had failed"
                  .formatted(reached, late, THRESHOLD);
      OUT.println("  reached the dead provider until it was left alone: " + how);
      say("recovery", recovery / 1e6, open * 1000.0 + 500, "ms");
      return kept;
    }

    private double added(LoadResult result, double usual) {
      return result.latency().getValueAtPercentile(99) / 1000.0 - usual;
    }

    private void say(String what, double value, double most, String unit) {
      boolean ok = value <= most;
      kept &= ok;
      OUT.printf(
          "  %-40s %9.2f %s (%s; at most %.0f)%n",
          what, value, unit, ok ? "kept" : "NOT kept", most);
    }

    /** Requests that came after the breaker had all the failures it needs. */
    private int late() {
      long[] failed = primary.failures();
      if (failed.length < THRESHOLD) {
        return 0;
      }
      int late = 0;
      for (long at : primary.arrivals()) {
        late += at > failed[THRESHOLD - 1] ? 1 : 0;
      }
      return late;
    }

    /** Heals the provider under load; returns how long it took until it answered again. */
    private long recover() throws InterruptedException {
      CompletableFuture<LoadResult> load = start(load(open + 3));
      pause(500);
      long served = primary.answered();
      long healed = System.nanoTime();
      primary.heal();
      while (primary.answered() == served && !load.isDone()) {
        pause(1);
      }
      long took = primary.answered() == served ? Long.MAX_VALUE : System.nanoTime() - healed;
      load.join();
      return took;
    }

    private CompletableFuture<LoadResult> start(Load load) {
      return CompletableFuture.supplyAsync(() -> LoadGenerator.run(chat, load));
    }

    /** Returns how many attempts at the primary have ended. */
    private long attempts() throws IOException, InterruptedException {
      URI metrics = URI.create("http://127.0.0.1:" + admin + "/metrics");
      String text =
          HTTP.send(HttpRequest.newBuilder(metrics).build(), HttpResponse.BodyHandlers.ofString())
              .body();
      double sum = 0;
      Matcher line = ATTEMPTS.matcher(text);
      while (line.find()) {
        sum += Double.parseDouble(line.group(1));
      }
      return Math.round(sum);
    }
  }

  private static void pause(long millis) {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(millis));
  }
}

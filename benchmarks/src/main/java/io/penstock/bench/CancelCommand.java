package io.penstock.bench;

import io.penstock.bench.HeldProvider.Held;
import io.penstock.bench.Launcher.Unavailable;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** How soon the provider is left when a client leaves: what it would go on generating is paid. */
@Command(
    name = "cancel",
    mixinStandardHelpOptions = true,
    description = "Time from a client's close to the upstream's close.")
final class CancelCommand implements Callable<Integer> {
  private static final PrintStream OUT = System.out;
  private static final long PATIENCE_SECONDS = 5;
  private static final long MAX_MICROS = TimeUnit.SECONDS.toMicros(PATIENCE_SECONDS);
  private static final int WARMUP = 50;

  @Option(names = "--calls", defaultValue = "500", description = "${DEFAULT-VALUE}, one at a time")
  private int calls;

  private final Table table =
      new Table("through", "client leaves", "calls", "p50 us", "p99 us", "max us", "never");

  @Override
  public Integer call() throws IOException, Unavailable {
    try (Launcher launcher = Launcher.open(false);
        HeldProvider provider = new HeldProvider()) {
      Target mock = provider.target();
      List<Target> targets = new ArrayList<>(List.of(mock));
      try {
        targets.add(
            launcher.proxy(
                "nginx", Launcher.scenario("02-nginx.conf"), mock, Map.of("CONNECTIONS", 4096)));
      } catch (Unavailable e) {
        OUT.println("nginx skipped: " + e.getMessage());
      }
      targets.add(
          launcher.penstock(Launcher.Gateway.of("penstock", "", "04-governed.yaml"), mock, ""));
      for (Target target : targets) {
        row(target, provider, true, "mid-stream");
        row(target, provider, false, "before the first token");
      }
    }
    OUT.printf(
        "From a client's close to the close that the provider sees; client and provider in one"
            + " JVM, by one clock; never: not within %d s.%n%n%s",
        PATIENCE_SECONDS, table);
    return 0;
  }

  private void row(Target target, HeldProvider provider, boolean streams, String when)
      throws IOException {
    RequestTemplate requests =
        new RequestTemplate(target.chat(), new Load(Load.Kind.STREAM, 1, 1, 1, 1000));
    Histogram micros = new Histogram(MAX_MICROS, 3);
    int never = 0;
    for (int i = -WARMUP; i < calls; i++) {
      long nanos = leave(target, provider.expect(streams), requests.request(i + WARMUP), streams);
      if (i >= 0 && nanos >= 0) {
        micros.recordValue(Math.clamp(nanos / 1000, 0, MAX_MICROS));
      }
      never += i >= 0 && nanos < 0 ? 1 : 0;
    }
    table.row(
        target.name(),
        when,
        calls,
        micros.getValueAtPercentile(50),
        micros.getValueAtPercentile(99),
        micros.getMaxValue(),
        never);
  }

  /** Returns the nanoseconds it took, or -1 when the provider was not left. */
  private static long leave(Target target, Held held, byte[] request, boolean streams)
      throws IOException {
    long left;
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), target.port())) {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
      socket.getOutputStream().write(request);
      held.arrived.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
      if (streams) {
        readFirstEvent(socket, target);
      }
      left = System.nanoTime();
    }
    try {
      return held.gone.get(PATIENCE_SECONDS, TimeUnit.SECONDS) - left;
    } catch (TimeoutException e) {
      return -1;
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void readFirstEvent(Socket socket, Target target) throws IOException {
    byte[] buffer = new byte[8192];
    StringBuilder answer = new StringBuilder();
    while (answer.indexOf("data:") < 0) {
      int read = socket.getInputStream().read(buffer);
      if (read < 0) {
        throw new IOException(target.name() + " ended the answer: " + answer);
      }
      answer.append(new String(buffer, 0, read, StandardCharsets.US_ASCII));
    }
  }
}

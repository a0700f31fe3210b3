package io.penstock.bench;

import io.penstock.bench.Launcher.Unavailable;
import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** One gateway with everything on, under load for long: does anything grow? */
@Command(
    name = "soak",
    mixinStandardHelpOptions = true,
    description = "Load for long; memory, descriptors, threads and latency must not grow.",
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {"0:nothing grows", "1:something grows, or a request failed", "2:cannot run"})
final class SoakCommand implements Callable<Integer> {
  private static final PrintStream OUT = System.out;
  private static final double KIB_PER_MIB = 1024;
  private static final int CONNECTIONS = 64;

  @Option(names = "--minutes", defaultValue = "30", description = "${DEFAULT-VALUE}")
  private int minutes;

  @Option(names = "--every", defaultValue = "60", description = "seconds between readings")
  private int every;

  @Option(names = "--rate", defaultValue = "500", description = "requests due per second")
  private int rate;

  @Option(names = "--streams", defaultValue = "0", description = "further streams due per second")
  private int streams;

  @Option(names = "--body", defaultValue = "1000", description = "bytes of a request body")
  private int body;

  @Override
  public Integer call() throws Unavailable {
    Trend trend = new Trend();
    long failed = 0;
    String firstError = "";
    try (Launcher launcher = Launcher.open(false)) {
      Target mock = launcher.mock(new Launcher.Mock(0, 30, 2000, 2000));
      Target gateway =
          launcher.penstock(
              Launcher.Gateway.of("soak", JvmMeter.OPTIONS, "05-everything.yaml"), mock, "");
      JvmMeter jvm = new JvmMeter(gateway.meter().pid());
      int readings = Math.max(1, minutes * 60 / every);
      for (int i = 1; i <= readings; i++) {
        LoadResult result = load(gateway);
        failed += result.failed();
        firstError = firstError.isEmpty() ? result.firstError() : firstError;
        trend.add(
            i * every / 60.0,
            jvm.liveHeapKib() / KIB_PER_MIB,
            jvm.directKib() / KIB_PER_MIB,
            gateway.meter().residentKib() / KIB_PER_MIB,
            (double) gateway.meter().descriptors(),
            (double) gateway.meter().threads(),
            (double) result.latency().getValueAtPercentile(50),
            (double) result.latency().getValueAtPercentile(99));
        System.err.println("reading " + i + " of " + readings);
      }
    }
    OUT.printf(
        "Everything on, %d requests/s of %d bytes and %d streams/s; memory after a forced"
            + " collection, before which the load pauses; growth by least squares over the second"
            + " half.%n%n%s%n",
        rate, body, streams, trend.table());
    return verdict(trend, failed, firstError);
  }

  private LoadResult load(Target gateway) {
    if (streams == 0) {
      return run(gateway, Load.Kind.UNIQUE, rate);
    }
    CompletableFuture<LoadResult> streaming =
        CompletableFuture.supplyAsync(() -> run(gateway, Load.Kind.STREAM, streams));
    LoadResult unary = run(gateway, Load.Kind.UNIQUE, rate);
    LoadResult streamed = streaming.join();
    return new LoadResult(
        unary.completed() + streamed.completed(),
        unary.failed() + streamed.failed(),
        unary.firstError() + streamed.firstError(),
        unary.latency(),
        streamed.firstToken(),
        streamed.gaps());
  }

  private LoadResult run(Target gateway, Load.Kind kind, int due) {
    return LoadGenerator.run(gateway.chat(), new Load(kind, due, every, CONNECTIONS, body));
  }

  private static int verdict(Trend trend, long failed, String firstError) {
    if (failed > 0) {
      OUT.println(failed + " requests failed, the first with: " + firstError);
    }
    List<Trend.Gauge> growing = trend.growing();
    if (!trend.isLongEnough()) {
      OUT.println("Too short to judge growth by (expected: --minutes 8 or more).");
    } else if (growing.isEmpty()) {
      OUT.println("Nothing grows beyond its bound.");
    } else {
      OUT.println("Growing beyond its bound: " + growing);
    }
    return failed > 0 || !growing.isEmpty() ? 1 : 0;
  }
}

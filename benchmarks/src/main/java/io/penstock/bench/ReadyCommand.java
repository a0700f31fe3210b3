package io.penstock.bench;

import io.penstock.bench.Launcher.Unavailable;
import io.penstock.testkit.Ports;
import java.io.PrintStream;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** How soon a gateway is ready after its launcher is executed. */
@Command(
    name = "ready",
    mixinStandardHelpOptions = true,
    description = "Time from exec to /readyz 200, and memory then, with and without AOT cache.")
final class ReadyCommand implements Callable<Integer> {
  private static final PrintStream OUT = System.out;
  private static final double KIB_PER_MIB = 1024;
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  @Option(names = "--starts", defaultValue = "10", description = "${DEFAULT-VALUE} of each")
  private int starts;

  @Option(names = "--scenario", defaultValue = "05-everything.yaml", description = "configuration")
  private String scenario = "";

  private final Histogram withCache = new Histogram(PATIENCE_NANOS / 1_000_000, 3);
  private final Histogram without = new Histogram(PATIENCE_NANOS / 1_000_000, 3);
  private final Histogram memoryWith = new Histogram(3);
  private final Histogram memoryWithout = new Histogram(3);

  @Override
  public Integer call() throws Unavailable {
    try (Launcher launcher = Launcher.open(false)) {
      Target mock = launcher.mock(new Launcher.Mock(0, 1, 0, 0));
      // Builds what is missing, and the cache.
      launcher.penstock(Launcher.Gateway.of("first", "", scenario), mock, "").close();
      for (int i = 0; i < starts; i++) {
        Ready cached = start(launcher, mock, "");
        withCache.recordValue(cached.millis());
        memoryWith.recordValue(cached.residentKib());
        Ready plain = start(launcher, mock, "-XX:AOTMode=off");
        without.recordValue(plain.millis());
        memoryWithout.recordValue(plain.residentKib());
      }
    }
    Table table = new Table("start", "starts", "p50 ms", "max ms", "resident MiB p50");
    row(table, "with the AOT cache", withCache, memoryWith);
    row(table, "without", without, memoryWithout);
    OUT.printf(
        "From exec of ./penstock serve to 200 of /readyz, asked every 2 ms; configuration"
            + " %s.%n%n%s",
        scenario, table);
    return 0;
  }

  private void row(Table table, String start, Histogram millis, Histogram kib) {
    table.row(
        start,
        starts,
        millis.getValueAtPercentile(50),
        millis.getMaxValue(),
        kib.getValueAtPercentile(50) / KIB_PER_MIB);
  }

  /** A start that succeeded. */
  private record Ready(long millis, long residentKib) {}

  private Ready start(Launcher launcher, Target mock, String options) throws Unavailable {
    int port = Ports.free();
    Launcher.Gateway gateway = Launcher.Gateway.of("ready", options, scenario);
    long exec = System.nanoTime();
    Process process = launcher.spawnPenstock(gateway, port, Ports.free(), mock, "");
    while (!ReadyProbe.isReady(port)) {
      if (!process.isAlive() || System.nanoTime() - exec > PATIENCE_NANOS) {
        throw new Unavailable("the gateway did not become ready");
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    long millis = (System.nanoTime() - exec) / 1_000_000;
    long resident = new ProcessMeter(process.pid()).residentKib();
    process.destroy();
    process.onExit().join();
    return new Ready(millis, resident);
  }
}

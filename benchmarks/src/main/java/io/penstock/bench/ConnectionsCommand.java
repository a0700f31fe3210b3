package io.penstock.bench;

import io.penstock.bench.Launcher.Unavailable;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What connections cost that do next to nothing: idle ones, and slow streams. */
@Command(
    name = "connections",
    mixinStandardHelpOptions = true,
    description = "Memory, descriptors and CPU with idle connections and with slow streams.")
final class ConnectionsCommand implements Callable<Integer> {
  private static final PrintStream OUT = System.out;
  private static final double KIB_PER_MIB = 1024;

  /** What a process opens besides: files, jars, connections upstream that are kept. */
  private static final int SPARE_DESCRIPTORS = 500;

  /** nginx closes idle connections when a sixteenth of its places is left. */
  private static final int NGINX_SPARE = 8;

  private static final int EVENT_MICROS = 1_000_000;

  /** Events of a stream: they must outlast opening and holding all of them. */
  private static final int EVENTS = 120;

  @Option(names = "--idle", defaultValue = "10000", description = "idle connections")
  private int idle;

  @Option(names = "--streams", defaultValue = "2000", description = "streams of 1 event/s")
  private int streams;

  @Option(names = "--hold", defaultValue = "10", description = "seconds, over which CPU is counted")
  private int hold;

  @Option(names = "--open-rate", defaultValue = "1000", description = "connections opened a second")
  private int openRate;

  private final Table table =
      new Table(
          "target",
          "with",
          "resident MiB",
          "direct MiB",
          "descriptors",
          "CPU % of one",
          "events/s",
          "failed");

  @Override
  public Integer call() throws Unavailable {
    int most = Math.max(idle, 2 * streams) + SPARE_DESCRIPTORS;
    try (Launcher launcher = Launcher.open(false)) {
      Target mock = launcher.mock(new Launcher.Mock(0, EVENTS, 100_000, EVENT_MICROS));
      Target gateway =
          launcher.penstock(
              Launcher.Gateway.of("penstock", JvmMeter.OPTIONS, "05-everything.yaml"), mock, "");
      List<Target> targets = new ArrayList<>();
      try {
        targets.add(
            launcher.proxy(
                "nginx",
                Launcher.scenario("02-nginx.conf"),
                mock,
                Map.of("CONNECTIONS", most + most / NGINX_SPARE)));
      } catch (Unavailable e) {
        OUT.println("nginx skipped: " + e.getMessage());
      }
      targets.add(gateway);
      long allowed =
          Math.min(
              new ProcessMeter(ProcessHandle.current().pid()).maxDescriptors(),
              gateway.meter().maxDescriptors());
      if (allowed < most) {
        OUT.printf(
            "a process may open %d descriptors (expected: >= %d, or fewer connections): ulimit"
                + " -n%n",
            allowed, most);
        return 2;
      }
      for (Target target : targets) {
        JvmMeter jvm = target.equals(gateway) ? new JvmMeter(gateway.meter().pid()) : null;
        measure(target, jvm);
      }
      OUT.printf(
          "After 2,000 requests; %d connections opened a second, each asks once; then %d s. A"
              + " process may open %d descriptors here (ulimit -n). Direct memory by the JVM's own"
              + " count, which is on for this.%n%n%s",
          openRate, hold, allowed, table);
    }
    return 0;
  }

  private void measure(Target target, @Nullable JvmMeter jvm) {
    LoadGenerator.run(target.chat(), new Load(Load.Kind.UNIQUE, 500, 4, 16, 1000));
    row(target, jvm, "no connection", null);
    Load unary = new Load(Load.Kind.UNIQUE, openRate, 0, idle, 1000);
    try (Crowd crowd = Crowd.open(target.chat(), unary)) {
      await(idle, () -> crowd.answered() + crowd.failed());
      row(target, jvm, idle + " idle connections", crowd);
    }
    LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(2)); // for the ends to be seen
    Load slow = new Load(Load.Kind.STREAM, openRate, 0, streams, 1000);
    try (Crowd crowd = Crowd.open(target.chat(), slow)) {
      await(streams, () -> crowd.begun() + crowd.failed());
      row(target, jvm, streams + " slow streams", crowd);
    }
  }

  /** Waits for that many, for as long as a stream lasts at most. */
  private static void await(int count, IntSupplier reached) {
    long deadline = System.nanoTime() + TimeUnit.MICROSECONDS.toNanos(EVENT_MICROS) * EVENTS / 4;
    while (reached.getAsInt() < count && System.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(10_000_000);
    }
  }

  private void row(Target target, @Nullable JvmMeter jvm, String with, @Nullable Crowd crowd) {
    long cpu = target.meter().cpuNanos();
    long events = crowd == null ? 0 : crowd.events();
    LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(hold));
    double share = (target.meter().cpuNanos() - cpu) / 1e7 / hold;
    double perSecond = crowd == null ? 0 : (double) (crowd.events() - events) / hold;
    table.row(
        target.name(),
        with,
        target.meter().residentKib() / KIB_PER_MIB,
        jvm == null ? "" : jvm.directKib() / KIB_PER_MIB,
        target.meter().descriptors(),
        share,
        perSecond,
        crowd == null ? 0 : crowd.failed());
    System.err.println(target.name() + ": " + with + " measured");
  }
}

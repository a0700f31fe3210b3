package io.penstock.bench;

import io.penstock.bench.Launcher.Unavailable;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What a gateway does with more than it can do, and how soon it is well again. */
@Command(
    name = "overload",
    mixinStandardHelpOptions = true,
    description =
        "Finds what a gateway can do, then offers a multiple of it, then half of it; the same to an"
            + " nginx that is told to admit as many.")
final class OverloadCommand implements Callable<Integer> {
  private static final PrintStream OUT = System.out;

  /** More than any gateway here can do: connections are asked again as soon as they are free. */
  private static final int CLOSED_LOOP_RATE = 40_000;

  private static final int CLOSED_LOOP_CONNECTIONS = 64;

  /** In which this process learns what refusals are. */
  private static final int SELF_SECONDS = 12;

  /** What nginx lets in at once is what it may in a hundredth of a second. */
  private static final int BURST_SHARE = 100;

  @Option(names = "--times", defaultValue = "3", description = "${DEFAULT-VALUE} x capacity")
  private int times;

  @Option(names = "--seconds", defaultValue = "10", description = "of each part")
  private int seconds;

  @Option(names = "--warmup", defaultValue = "30", description = "seconds, unmeasured")
  private int warmup;

  @Option(names = "--connections", defaultValue = "4000", description = "${DEFAULT-VALUE}")
  private int connections;

  @Option(names = "--inflight", description = "limits.inflight; default: the gateway's own")
  private int inflight;

  @Option(names = "--rate", description = "capacity, if known; else it is found")
  private int capacity;

  @Option(names = "--windows", description = "also prints every quarter of a second")
  private boolean windows;

  @Option(
      names = "--nginx",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description = "beside an nginx")
  private boolean nginx;

  @Option(
      names = "--pin",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description = "gateway and provider on one CPU each (taskset)")
  private boolean pin;

  @Override
  public Integer call() throws Unavailable {
    try (Launcher launcher = Launcher.open(pin)) {
      Target mock = launcher.mock(new Launcher.Mock(0, 30, 0, 0));
      Launcher.Gateway file = Launcher.Gateway.of("penstock", "", "05-everything.yaml");
      String limits = inflight == 0 ? "" : "limits: { inflight: " + inflight + " }\n";
      Target gateway =
          launcher.penstock(
              new Launcher.Gateway("penstock", file.repository(), "", limits + file.yaml()),
              mock,
              "");
      LoadGenerator.run(gateway.chat(), closedLoop(warmup));
      int most = capacity > 0 ? capacity : capacity(gateway);
      OverloadCourse course = new OverloadCourse(most, times, seconds, connections);
      warmSelf(launcher, course);
      OUT.printf(
          "Capacity: %d requests/s (everything on, %d connections always busy, gateway on %s;"
              + " limits.inflight: %s). Then, open loop over %d connections; latency of what was"
              + " admitted, from when it was due.%n",
          most,
          CLOSED_LOOP_CONNECTIONS,
          pin ? "one CPU" : "all CPUs",
          inflight == 0 ? "default" : inflight,
          connections);
      course.run(gateway, windows);
      // Its own CPU to nginx: what the gateway still has to write would take a part of it.
      gateway.close();
      if (nginx) {
        beside(launcher, mock, course);
      }
    }
    return 0;
  }

  /** The same for a proxy that knows what it can do and keeps no record, in the same minutes. */
  private void beside(Launcher launcher, Target mock, OverloadCourse course) {
    Map<String, Integer> numbers =
        Map.of(
            "CONNECTIONS",
            4 * connections,
            "RATE",
            course.most(),
            "BURST",
            Math.max(1, course.most() / BURST_SHARE));
    try (Target other =
        launcher.proxy("nginx", Launcher.scenario("overload-nginx.conf"), mock, numbers)) {
      course.run(other, windows);
    } catch (Unavailable e) {
      OUT.println("nginx skipped: " + e.getMessage());
    }
  }

  /**
   * So that the first overload meets cold code of the gateway alone: this process has seen neither
   * so many answers nor refusals. A provider stands for the gateway.
   */
  private void warmSelf(Launcher launcher, OverloadCourse course) throws Unavailable {
    try (Target refusing = launcher.mock(new Launcher.Mock(0, 30, 0, 0, times + 1))) {
      LoadGenerator.run(refusing.chat(), course.flood(SELF_SECONDS));
    }
  }

  /** Returns requests per second with all connections always busy, the first second left out. */
  private int capacity(Target gateway) {
    AtomicLong done = new AtomicLong();
    long end = TimeUnit.SECONDS.toNanos(seconds);
    Load load = closedLoop(seconds);
    LoadGenerator.run(
        List.of(gateway.chat()),
        load,
        load.pace(),
        (due, latency, outcome) -> {
          long at = due + latency;
          if (at > TimeUnit.SECONDS.toNanos(1) && at < end) {
            done.incrementAndGet();
          }
        });
    return (int) (done.get() / Math.max(1, seconds - 1));
  }

  private static Load closedLoop(int length) {
    return new Load(
        Load.Kind.UNIQUE,
        CLOSED_LOOP_RATE,
        length,
        CLOSED_LOOP_CONNECTIONS,
        OverloadCourse.BODY_BYTES);
  }
}

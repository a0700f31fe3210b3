package io.penstock.bench;

import io.penstock.bench.Launcher.Unavailable;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What a gateway does with more than it can do, and how soon it is well again. */
@Command(
    name = "overload",
    mixinStandardHelpOptions = true,
    description = "Finds what a gateway can do, then offers a multiple of it, then half of it.")
final class OverloadCommand implements Callable<Integer> {
  private static final PrintStream OUT = System.out;
  private static final double KIB_PER_MIB = 1024;
  private static final double MICROS_PER_MILLI = 1000;

  /** More than any gateway here can do: connections are asked again as soon as they are free. */
  private static final int CLOSED_LOOP_RATE = 40_000;

  private static final int CLOSED_LOOP_CONNECTIONS = 64;
  private static final int BODY_BYTES = 1000;

  /** For the connections to be taken in, before anything is measured. */
  private static final int SETTLE_SECONDS = 4;

  /** In which this process learns what refusals are. */
  private static final int SELF_SECONDS = 12;

  /** In which the gateway learns of it, and works off what has piled up: counted apart. */
  private static final int ONSET_SECONDS = 3;

  private static final int ROUNDS = 2;

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
      names = "--pin",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description = "gateway and provider on one CPU each (taskset)")
  private boolean pin;

  private final Table table =
      new Table(
          "offered",
          "seconds",
          "per second",
          "admitted/s",
          "shed/s",
          "failed or unanswered/s",
          "p50 ms",
          "p99 ms");

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
      warmSelf(launcher, most);
      overload(gateway, most);
    }
    return 0;
  }

  /**
   * So that the first overload meets cold code of the gateway alone: this process has seen neither
   * so many answers nor refusals. A provider stands for the gateway.
   */
  private void warmSelf(Launcher launcher, int most) throws Unavailable {
    Load load = new Load(Load.Kind.UNIQUE, most * times, SELF_SECONDS, connections, BODY_BYTES);
    try (Target refusing = launcher.mock(new Launcher.Mock(0, 30, 0, 0, times + 1))) {
      LoadGenerator.run(refusing.chat(), load);
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
        Load.Kind.UNIQUE, CLOSED_LOOP_RATE, length, CLOSED_LOOP_CONNECTIONS, BODY_BYTES);
  }

  /**
   * Half, too much, half, too much, half: the first overload meets cold code, the second not. Last,
   * nearly all that it can do, for what requests wait at its limit without any overload.
   */
  private void overload(Target gateway, int most) {
    int half = Math.max(1, most / 2);
    List<Pace.Step> steps = new ArrayList<>();
    steps.add(new Pace.Step(half, SETTLE_SECONDS));
    steps.add(new Pace.Step(half, seconds));
    for (int i = 0; i < ROUNDS; i++) {
      steps.add(new Pace.Step(most * times, ONSET_SECONDS));
      steps.add(new Pace.Step(most * times, seconds));
      steps.add(new Pace.Step(half, seconds));
    }
    steps.add(new Pace.Step(nearly(most), seconds));
    Timeline timeline = new Timeline();
    Load load = new Load(Load.Kind.UNIQUE, half, seconds, connections, BODY_BYTES);
    long idleKib = gateway.meter().residentKib();
    AtomicLong peak = new AtomicLong();
    AtomicBoolean over = new AtomicBoolean();
    Thread watch = Thread.ofPlatform().start(() -> watch(gateway, peak, over));
    LoadResult result = LoadGenerator.run(List.of(gateway.chat()), load, new Pace(steps), timeline);
    over.set(true);
    LockSupport.unpark(watch);
    OUT.printf(
        "Capacity: %d requests/s (everything on, %d connections always busy, gateway on %s; limits"
            + ".inflight: %s). Then, open loop over %d connections; latency of what was admitted,"
            + " from when it was due.%n%n",
        most,
        CLOSED_LOOP_CONNECTIONS,
        pin ? "one CPU" : "all CPUs",
        inflight == 0 ? "default" : inflight,
        connections);
    report(timeline, most, half);
    OUT.printf(
        "Resident: %.0f MiB before these connections, at most %.0f.%n",
        idleKib / KIB_PER_MIB, peak.get() / KIB_PER_MIB);
    if (windows) {
      OUT.printf("%n%s", timeline);
    }
    if (!result.firstError().isEmpty()) {
      OUT.println("The first refusal: " + result.firstError());
    }
  }

  private void report(Timeline timeline, int most, int half) {
    int at = SETTLE_SECONDS;
    at = row("half of it", timeline, half, at, seconds);
    long allowed = 2 * timeline.between(SETTLE_SECONDS, at).percentile(99);
    List<String> well = new ArrayList<>();
    for (int i = 0; i < ROUNDS; i++) {
      String name = times + " x, " + (i == 0 ? "for the first time" : "again");
      at = row(name + ": onset", timeline, most * times, at, ONSET_SECONDS);
      at = row(name + ": then", timeline, most * times, at, seconds);
      long after = timeline.wellAfterMillis(at, at + seconds, half, allowed);
      well.add(after < 0 ? "not within " + seconds + " s" : after + " ms");
      at = row("half of it", timeline, half, at, seconds);
    }
    row("nine tenths of it", timeline, nearly(most), at, seconds);
    OUT.println(table);
    OUT.printf(
        "Nothing is refused and p99 within twice its first (%.1f ms), after the load has fallen:"
            + " %s.%n",
        allowed / MICROS_PER_MILLI, String.join(", ", well));
  }

  private static int nearly(int most) {
    return Math.max(1, most - most / 10);
  }

  /** Returns the second at which that part ends. */
  private int row(String part, Timeline timeline, int rate, int from, int length) {
    Timeline.Slice slice = timeline.between(from, from + length);
    table.row(
        part,
        length,
        rate,
        slice.done() / length,
        slice.shed() / length,
        ((long) rate * length - slice.done() - slice.shed()) / length,
        slice.percentile(50) / MICROS_PER_MILLI,
        slice.percentile(99) / MICROS_PER_MILLI);
    return from + length;
  }

  private static void watch(Target gateway, AtomicLong peak, AtomicBoolean over) {
    while (!over.get()) {
      peak.accumulateAndGet(gateway.meter().residentKib(), Math::max);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
    }
  }
}

package io.penstock.bench;

import io.penstock.bench.Launcher.Unavailable;
import io.penstock.testkit.LoopWatch;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * The cache's figures that need a gateway and a load, each against its goal; what a hit costs is
 * among the scenarios.
 */
@Command(
    name = "cache",
    mixinStandardHelpOptions = true,
    description = "Measures the cache of a whole gateway; exit 1 when a goal is missed.")
final class CacheCommand implements Callable<Integer> {
  private static final PrintStream OUT = System.out;
  private static final int BODY_BYTES = 1000;
  private static final int CONNECTIONS = 64;

  /** More than any gateway here can do: connections are asked again as soon as they are free. */
  private static final int CLOSED_LOOP_RATE = 60_000;

  private static final double LEAST_HITS = 20_000;
  private static final double MOST_MIB = 550;
  private static final double KIB_PER_MIB = 1024;

  /** What can be measured. */
  enum Figure {
    /** Exact hits per second, load and gateway together on all CPUs. */
    HIT_RATE,
    /** Memory while every request is embedded twice. */
    RESIDENT,
    /** Waits of a millisecond on event loops under both layers, by the flight recorder. */
    LOOPS
  }

  @Parameters(arity = "0..*", description = "${COMPLETION-CANDIDATES}; none: all")
  private List<Figure> asked = new ArrayList<>();

  @Option(names = "--seconds", defaultValue = "5", description = "${DEFAULT-VALUE} of each")
  private int seconds;

  @Option(names = "--warmup", defaultValue = "15", description = "seconds, unmeasured")
  private int warmup;

  private final Table table = new Table("figure", "seen", "goal", "kept");
  private boolean missed;

  @Override
  public Integer call() throws Unavailable, IOException {
    Set<Figure> figures = asked.isEmpty() ? EnumSet.allOf(Figure.class) : EnumSet.copyOf(asked);
    for (Figure figure : figures) {
      try (Launcher launcher = Launcher.open(false)) {
        Target mock = launcher.mock(new Launcher.Mock(0, 30, 0, 0));
        switch (figure) {
          case HIT_RATE -> hitRate(exact(launcher, mock));
          case RESIDENT -> resident(semantic(launcher, mock));
          case LOOPS -> loops(semantic(launcher, mock));
        }
      }
    }
    OUT.printf("%n%s", table);
    return missed ? 1 : 0;
  }

  private static Target exact(Launcher launcher, Target mock) throws Unavailable {
    return launcher.penstock(
        Launcher.Gateway.of("06-cache-hit", "", "05-everything.yaml"), mock, "");
  }

  private static Target semantic(Launcher launcher, Target mock) throws Unavailable {
    return launcher.penstock(Launcher.Gateway.of("cache", "", "cache.yaml"), mock, "");
  }

  private void row(String figure, String seen, String goal, boolean kept) {
    missed |= !kept;
    table.row(figure, seen, goal, kept ? "yes" : "NO");
  }

  private static void require(LoadResult result) {
    if (result.completed() == 0) {
      throw new IllegalStateException("nothing was answered: " + result.firstError());
    }
  }

  private void hitRate(Target gateway) {
    closedLoop(gateway, warmup);
    double perSecond = closedLoop(gateway, seconds + 1) / seconds;
    row(
        "exact hits per second",
        String.format("%.0f", perSecond),
        ">= 20000 with the load on the same CPUs",
        perSecond >= LEAST_HITS);
  }

  /** Returns what was answered with all connections always busy, after the first second. */
  private static double closedLoop(Target gateway, int length) {
    AtomicLong done = new AtomicLong();
    Load load = new Load(Load.Kind.SAME, CLOSED_LOOP_RATE, length, CONNECTIONS, BODY_BYTES);
    long end = TimeUnit.SECONDS.toNanos(length);
    LoadGenerator.run(
        List.of(gateway.chat()),
        load,
        load.pace(),
        (due, latency, outcome) -> {
          long at = due + latency;
          if (outcome == Watcher.Outcome.DONE && at > TimeUnit.SECONDS.toNanos(1) && at < end) {
            done.incrementAndGet();
          }
        });
    return done.get();
  }

  private void resident(Target gateway) {
    AtomicLong peak = new AtomicLong();
    AtomicBoolean over = new AtomicBoolean();
    Thread watch =
        Thread.ofPlatform()
            .start(() -> {
              while (!over.get()) {
                peak.accumulateAndGet(gateway.meter().residentKib(), Math::max);
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
              }
            });
    // More than the embedder can do: it is never idle, and its queue is full.
    require(questions(gateway, warmup + seconds));
    over.set(true);
    LockSupport.unpark(watch);
    double mib = peak.get() / KIB_PER_MIB;
    row(
        "resident, embedder at work",
        String.format("%.0f MiB at most", mib),
        "<= 550 MiB",
        mib <= MOST_MIB);
  }

  private static LoadResult questions(Target gateway, int length) {
    return LoadGenerator.run(
        gateway.chat(), new Load(Load.Kind.UNIQUE, 200, length, CONNECTIONS, BODY_BYTES));
  }

  private void loops(Target gateway) throws IOException {
    require(questions(gateway, warmup));
    JvmMeter jvm = new JvmMeter(gateway.meter().pid());
    List<String> start = new ArrayList<>(List.of("JFR.start", "name=loops"));
    start.addAll(LoopWatch.jfrOptions());
    jvm.jcmd(start.toArray(String[]::new));
    require(questions(gateway, seconds));
    closedLoop(gateway, seconds);
    Path recording = Files.createTempFile("penstock-loops", ".jfr");
    try {
      String said = jvm.jcmd("JFR.stop", "name=loops", "filename=" + recording);
      if (Files.size(recording) == 0) {
        throw new IllegalStateException("no recording: " + said);
      }
      List<String> waits = LoopWatch.in(recording);
      waits.stream().limit(3).forEach(OUT::println);
      row("waits of 1 ms on event loops", "" + waits.size(), "0", waits.isEmpty());
    } finally {
      Files.delete(recording);
    }
  }
}

package io.penstock.bench;

import io.penstock.bench.Launcher.Unavailable;
import io.penstock.testkit.RedisServer;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Runs the load scenarios: the whole {@link Lineup} up at once, then round by round, one after the
 * other.
 */
@Command(
    name = "benchmarks/run",
    mixinStandardHelpOptions = true,
    subcommands = {
      SoakCommand.class,
      CancelCommand.class,
      ConnectionsCommand.class,
      OverloadCommand.class,
      ReplicasCommand.class,
      ReadyCommand.class,
      OutageCommand.class,
      CacheCommand.class
    },
    description = "Compares Penstock with nginx, HAProxy and any gateway; writes RESULTS.md.")
public final class BenchMain implements Callable<Integer> {
  private static final PrintStream OUT = System.out;
  private static final int PROXY_WARMUP = 5;

  @Option(
      names = "--rounds",
      defaultValue = "3",
      description = "measured rounds (${DEFAULT-VALUE})")
  private int rounds;

  @Option(names = "--seconds", defaultValue = "10", description = "per round and scenario")
  private int seconds;

  @Option(
      names = "--warmup",
      defaultValue = "15",
      description = "seconds, unmeasured, per scenario")
  private int warmup;

  @Option(names = "--rate", defaultValue = "1000", description = "requests due per second")
  private int rate;

  @Option(names = "--stream-rate", defaultValue = "100", description = "streams due per second")
  private int streamRate;

  @Option(names = "--connections", defaultValue = "64")
  private int connections;

  @Mixin private Lineup lineup = new Lineup();

  @Option(names = "--tokens", defaultValue = "30", description = "tokens of an answer")
  private int tokens;

  @Option(
      names = "--event-micros",
      defaultValue = "2000",
      description = "between events of a stream")
  private long eventMicros;

  @Option(
      names = "--mock-port",
      defaultValue = "0",
      description = "of the mock provider, for gateways given; 0: any")
  private int mockPort;

  @Option(
      names = "--pin",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "targets on CPU 1, all others (generator, mock, Redis) on CPU 0 (taskset): the default")
  private boolean pin;

  @Option(names = "--out", description = "folder of RESULTS.md; default: benchmarks")
  private @Nullable Path out;

  /** Exit codes: 0 measured, 1 could not run, 2 wrong arguments. */
  public static void main(String[] args) {
    System.exit(
        new CommandLine(new BenchMain()).setExecutionStrategy(new Arguments()).execute(args));
  }

  @Override
  public Integer call() throws IOException, Unavailable {
    lineup.check();
    boolean pinned = pin && Launcher.canPin();
    Report report = new Report(method(pinned));
    RedisServer redis = null;
    if (pinned) {
      Launcher.pinSelf();
    }
    try (Launcher launcher = Launcher.open(pinned)) {
      Target mock = launcher.mock(new Launcher.Mock(mockPort, tokens, eventMicros, eventMicros));
      for (Scenario scenario : Scenario.ALL) {
        if (lineup.isWanted(scenario)) {
          if (scenario.needsRedis() && redis == null) {
            redis = RedisServer.start();
          }
          String address = redis == null ? "" : redis.uri();
          lineup.start(scenario, launcher, mock, address, report);
        }
      }
      lineup.addGiven();
      if (lineup.runs().isEmpty()) {
        throw new Unavailable("nothing to measure; RESULTS.md stays as it is");
      }
      measure(report);
    } finally {
      if (redis != null) {
        redis.close();
      }
    }
    Path folder = out == null ? Launcher.repository().resolve("benchmarks") : out;
    Files.createDirectories(folder);
    List<Scenario> scenarios = lineup.runs().stream().map(Lineup.Run::scenario).toList();
    report.write(folder, scenarios);
    OUT.println(report.markdown(scenarios));
    return 0;
  }

  private void measure(Report report) {
    for (int round = 0; round <= rounds; round++) {
      for (Lineup.Run run : lineup.runs()) {
        Scenario scenario = run.scenario();
        int length = round == 0 ? warmup(scenario) : seconds;
        int due = scenario.kind().streaming ? streamRate : rate;
        Load load = new Load(scenario.kind(), due, length, connections, run.body());
        Measurement measurement;
        try (Scraper _ = Scraper.of(round == 0 ? run.target().metrics() : null)) {
          measurement = Measurement.of(scenario, round, run.target(), load);
        }
        OUT.println(measurement.csv() + " " + measurement.load().firstError());
        if (round > 0) {
          report.add(measurement);
        }
      }
    }
  }

  /** What is compiled before it runs is warm as soon as its connections are. */
  private int warmup(Scenario scenario) {
    boolean compilesItself = !List.of("nginx", "haproxy").contains(scenario.program());
    return compilesItself ? warmup : Math.min(warmup, PROXY_WARMUP);
  }

  private String method(boolean pinned) {
    return String.format(
        "Open loop: latency counts from when a request was due, of what is unanswered 3 s after the"
            + " end until then; what was refused or cut only counts as failed. %d rounds of %d s,"
            + " interleaved, after %d s of warm-up each; medians. %d requests/s with bodies of %s"
            + " bytes and %d streams/s of %d events %d us apart, over %d keep-alive connections; %s"
            + " (%d CPUs, %s, Java %s).",
        rounds,
        seconds,
        warmup,
        rate,
        lineup.sizes(),
        streamRate,
        tokens,
        eventMicros,
        connections,
        pinned
            ? "the target has CPU 1, generator, provider and Redis have CPU 0"
            : "generator, provider and target share all CPUs",
        Runtime.getRuntime().availableProcessors(),
        System.getProperty("os.arch"),
        Runtime.version());
  }
}

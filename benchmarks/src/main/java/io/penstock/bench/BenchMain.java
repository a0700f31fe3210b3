package io.penstock.bench;

import io.penstock.bench.Launcher.Unavailable;
import io.penstock.testkit.RedisServer;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs the load scenarios: all targets up at once, then round by round, one after the other. */
@Command(
    name = "benchmarks/run",
    mixinStandardHelpOptions = true,
    description = "Compares Penstock with nginx, HAProxy and any gateway; writes RESULTS.md.")
public final class BenchMain implements Callable<Integer> {
  private static final PrintStream OUT = System.out;

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

  @Option(names = "--body", defaultValue = "1000", description = "bytes of a request body")
  private int body;

  @Option(names = "--tokens", defaultValue = "30", description = "tokens of an answer")
  private int tokens;

  @Option(
      names = "--event-micros",
      defaultValue = "2000",
      description = "between events of a stream")
  private long eventMicros;

  @Option(names = "--many", defaultValue = "10000", description = "keys, budgets, rules of 09")
  private int many;

  @Option(names = "--only", split = ",", description = "labels of scenarios, or how they begin")
  private List<String> only = new ArrayList<>();

  @Option(names = "--gateway", description = "NAME=URL,PID of a gateway that runs already")
  private List<String> gateways = new ArrayList<>();

  @Option(
      names = "--variant",
      description = "NAME=JVM options: each Penstock scenario also with these")
  private Map<String, String> variants = new LinkedHashMap<>();

  @Option(names = "--build", description = "NAME=FOLDER: each Penstock scenario also from there")
  private Map<String, Path> builds = new LinkedHashMap<>();

  @Option(names = "--pin", description = "mock on CPU 0, targets on CPU 1 (taskset)")
  private boolean pin;

  @Option(names = "--out", description = "folder of RESULTS.md; default: benchmarks")
  private @Nullable Path out;

  @Option(names = "--repository", defaultValue = ".", hidden = true)
  private Path repository = Path.of(".");

  private final Map<String, Scenario> scenarios = new LinkedHashMap<>();
  private final Map<String, Target> targets = new LinkedHashMap<>();

  /** Exit codes: 0 measured, 1 wrong arguments, 2 could not run. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new BenchMain()).execute(args));
  }

  @Override
  public Integer call() throws IOException, Unavailable {
    Report report = new Report(method());
    Path work = Files.createTempDirectory("penstock-bench");
    Launcher launcher = new Launcher(repository.toAbsolutePath().normalize(), work, pin);
    RedisServer redis = null;
    try (Target mock = launcher.mock(tokens, eventMicros, eventMicros)) {
      for (Scenario scenario : Scenario.ALL) {
        if (wanted(scenario.label())) {
          if (scenario.needsRedis() && redis == null) {
            redis = RedisServer.start();
          }
          start(scenario, launcher, mock, redis == null ? "" : redis.uri(), report);
        }
      }
      for (String gateway : gateways) {
        Target running = Target.running(gateway);
        register(new Scenario(running.name(), "given", "", Load.Kind.UNIQUE), running);
      }
      measure(report);
    } finally {
      targets.values().forEach(Target::close);
      if (redis != null) {
        redis.close();
      }
    }
    Path folder = out == null ? repository.resolve("benchmarks") : out;
    Files.createDirectories(folder);
    report.write(folder, scenarios);
    OUT.println(report.markdown(scenarios));
    return 0;
  }

  private boolean wanted(String label) {
    return only.isEmpty() || only.stream().anyMatch(label::startsWith);
  }

  private void start(
      Scenario scenario, Launcher launcher, Target mock, String redis, Report report) {
    Path file = repository.resolve("benchmarks").resolve("scenarios").resolve(scenario.file());
    if (!scenario.program().equals("penstock")) {
      start(
          scenario,
          report,
          () ->
              scenario.program().isEmpty() ? mock : launcher.proxy(scenario.program(), file, mock));
      return;
    }
    Launcher.Gateway gateway =
        new Launcher.Gateway(scenario.label(), repository, "", yaml(scenario, file));
    start(scenario, report, () -> launcher.penstock(gateway, mock, redis));
    variants.forEach((name, options) -> {
      Launcher.Gateway other = gateway.with(name, repository, options);
      start(scenario.as(other.name()), report, () -> launcher.penstock(other, mock, redis));
    });
    builds.forEach((name, folder) -> {
      Launcher.Gateway other = gateway.with(name, folder, "");
      start(scenario.as(other.name()), report, () -> launcher.penstock(other, mock, redis));
    });
  }

  /** Starts a target. */
  private interface Start {
    Target start() throws Unavailable;
  }

  private void start(Scenario scenario, Report report, Start how) {
    try {
      register(scenario, how.start());
    } catch (Unavailable e) {
      OUT.println(scenario.label() + " skipped: " + e.getMessage());
      report.skip(scenario.label(), String.valueOf(e.getMessage()));
    }
  }

  private String yaml(Scenario scenario, Path file) {
    String yaml = Launcher.read(file);
    return scenario.isMany() ? Many.of(yaml, many) : yaml;
  }

  private void register(Scenario scenario, Target target) {
    scenarios.put(scenario.label(), scenario);
    targets.put(scenario.label(), target);
  }

  private void measure(Report report) {
    for (int round = 0; round <= rounds; round++) {
      for (Scenario scenario : scenarios.values()) {
        Target target = targets.get(scenario.label());
        if (target == null) {
          continue;
        }
        int length = round == 0 ? warmup : seconds;
        int due = scenario.kind().streaming ? streamRate : rate;
        Load load = new Load(scenario.kind(), due, length, connections, body);
        Measurement measurement = Measurement.of(scenario, round, target, load);
        OUT.println(measurement.csv() + " " + measurement.load().firstError());
        if (round > 0) {
          report.add(measurement);
        }
      }
    }
  }

  private String method() {
    return String.format(
        "Open loop: latency counts from when a request was due. %d rounds of %d s, interleaved,"
            + " after %d s of warm-up each; medians. %d requests/s with bodies of %d bytes and %d"
            + " streams/s of %d events %d us apart, over %d keep-alive connections; generator,"
            + " provider and target share %d CPUs (%s, Java %s%s).",
        rounds,
        seconds,
        warmup,
        rate,
        body,
        streamRate,
        tokens,
        eventMicros,
        connections,
        Runtime.getRuntime().availableProcessors(),
        System.getProperty("os.arch"),
        Runtime.version(),
        pin ? ", pinned" : "");
  }
}

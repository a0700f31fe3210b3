package io.penstock.bench;

import io.penstock.bench.Launcher.Unavailable;
import io.penstock.testkit.RedisServer;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Runs the load scenarios: all targets up at once, then round by round, one after the other. */
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
  private static final int PROXY_CONNECTIONS = 4096;
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

  @Option(
      names = "--body",
      split = ",",
      defaultValue = "1000",
      description = "bytes of a request body; of several sizes each scenario is measured with each")
  private List<Integer> bodies = new ArrayList<>();

  @Option(names = "--tokens", defaultValue = "30", description = "tokens of an answer")
  private int tokens;

  @Option(
      names = "--event-micros",
      defaultValue = "2000",
      description = "between events of a stream")
  private long eventMicros;

  @Option(
      names = "--many",
      split = ",",
      defaultValue = "10000",
      description = "keys, budgets, rules of 09; of several numbers each is measured")
  private List<Integer> many = new ArrayList<>();

  @Option(names = "--only", split = ",", description = "labels of scenarios, or how they begin")
  private List<String> only = new ArrayList<>();

  @Option(
      names = "--gateway",
      description = "NAME=URL,PID[,MODEL] of a gateway that runs already; see gateways/README.md")
  private List<String> gateways = new ArrayList<>();

  @Option(names = "--header", description = "NAME: VALUE, sent to the gateways given")
  private List<String> headers = new ArrayList<>();

  @Option(
      names = "--mock-port",
      defaultValue = "0",
      description = "of the mock provider, for gateways given; 0: any")
  private int mockPort;

  @Option(
      names = "--variant",
      description = "NAME=JVM options: each Penstock scenario also with these")
  private Map<String, String> variants = new LinkedHashMap<>();

  @Option(names = "--build", description = "NAME=FOLDER: each Penstock scenario also from there")
  private Map<String, Path> builds = new LinkedHashMap<>();

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

  @Spec private @Nullable CommandSpec spec;

  /** A target with one of the sizes. */
  private record Run(Scenario scenario, Target target, int body) {}

  private final List<Run> runs = new ArrayList<>();

  /** Exit codes: 0 measured, 1 could not run, 2 wrong arguments. */
  public static void main(String[] args) {
    System.exit(
        new CommandLine(new BenchMain()).setExecutionStrategy(new Arguments()).execute(args));
  }

  @Override
  public Integer call() throws IOException, Unavailable {
    List<Target> running = given();
    checkLabels();
    boolean pinned = pin && Launcher.canPin();
    Report report = new Report(method(pinned));
    RedisServer redis = null;
    if (pinned) {
      Launcher.pinSelf();
    }
    try (Launcher launcher = Launcher.open(pinned)) {
      Target mock = launcher.mock(new Launcher.Mock(mockPort, tokens, eventMicros, eventMicros));
      for (Scenario scenario : Scenario.ALL) {
        if (isWanted(scenario)) {
          if (scenario.needsRedis() && redis == null) {
            redis = RedisServer.start();
          }
          start(scenario, launcher, mock, redis == null ? "" : redis.uri(), report);
        }
      }
      running.forEach(this::given);
      if (runs.isEmpty()) {
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
    List<Scenario> scenarios = runs.stream().map(Run::scenario).toList();
    report.write(folder, scenarios);
    OUT.println(report.markdown(scenarios));
    return 0;
  }

  private boolean isWanted(Scenario scenario) {
    return only.isEmpty() || only.stream().anyMatch(scenario.label()::startsWith);
  }

  private void checkLabels() {
    for (String label : only) {
      if (Arrays.stream(Scenario.ALL).noneMatch(s -> s.label().startsWith(label))) {
        String all =
            Arrays.stream(Scenario.ALL).map(Scenario::label).collect(Collectors.joining(", "));
        throw wrong("--only: " + label + " (expected: how one of these begins: " + all + ")");
      }
    }
  }

  private ParameterException wrong(String why) {
    return new ParameterException(Objects.requireNonNull(spec).commandLine(), why);
  }

  private List<Target> given() {
    try {
      return gateways.stream().map(gateway -> Target.running(gateway, headers)).toList();
    } catch (IllegalArgumentException e) {
      throw wrong(String.valueOf(e.getMessage()));
    }
  }

  private void start(
      Scenario scenario, Launcher launcher, Target mock, String redis, Report report) {
    if (!scenario.program().equals("penstock")) {
      start(
          scenario,
          report,
          () -> {
            Path file = Launcher.scenario(scenario.file());
            return scenario.program().isEmpty()
                ? mock
                : launcher.proxy(scenario.program(), file, mock, PROXY_CONNECTIONS);
          });
      return;
    }
    for (Launcher.Gateway gateway : gateways(scenario)) {
      Scenario own = scenario.as(gateway.name());
      start(own, report, () -> launcher.penstock(gateway, mock, redis));
      variants.forEach((name, options) -> {
        Launcher.Gateway other = gateway.with(name, Launcher.repository(), options);
        start(scenario.as(other.name()), report, () -> launcher.penstock(other, mock, redis));
      });
      builds.forEach((name, folder) -> {
        Launcher.Gateway other = gateway.with(name, folder, "");
        start(scenario.as(other.name()), report, () -> launcher.penstock(other, mock, redis));
      });
    }
  }

  private List<Launcher.Gateway> gateways(Scenario scenario) {
    Launcher.Gateway gateway = Launcher.Gateway.of(scenario.label(), "", scenario.file());
    if (!scenario.isMany()) {
      return List.of(gateway);
    }
    return many.stream()
        .map(count -> {
          String name = many.size() == 1 ? gateway.name() : gateway.name() + " " + count;
          return new Launcher.Gateway(
              name, gateway.repository(), "", Many.of(gateway.yaml(), count));
        })
        .toList();
  }

  /** Measures it with streams too if others are. */
  private void given(Target target) {
    boolean streams = runs.stream().anyMatch(run -> run.scenario().kind().streaming);
    register(new Scenario(target.name(), "given", "", Load.Kind.UNIQUE), target);
    if (streams) {
      register(new Scenario(target.name() + " stream", "given", "", Load.Kind.STREAM), target);
    }
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

  private void register(Scenario scenario, Target target) {
    for (int body : bodies) {
      runs.add(new Run(bodies.size() == 1 ? scenario : scenario.sized(body), target, body));
    }
  }

  private void measure(Report report) {
    for (int round = 0; round <= rounds; round++) {
      for (Run run : runs) {
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
        bodies.stream().map(String::valueOf).collect(Collectors.joining(", ")),
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

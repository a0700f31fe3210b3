package io.penstock.bench;

import io.penstock.bench.Launcher.Unavailable;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * What is measured: scenarios, gateways that run already, variants, sizes. Starts the targets of
 * each; who gave it the launcher ends them. Of the main thread.
 */
final class Lineup {
  private static final PrintStream OUT = System.out;
  private static final Map<String, Integer> PROXY = Map.of("CONNECTIONS", 4096);

  @Option(
      names = "--body",
      split = ",",
      defaultValue = "1000",
      description = "bytes of a request body; of several sizes each scenario is measured with each")
  private List<Integer> bodies = new ArrayList<>();

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
      names = "--variant",
      description = "NAME=JVM options: each Penstock scenario also with these")
  private Map<String, String> variants = new LinkedHashMap<>();

  @Option(names = "--build", description = "NAME=FOLDER: each Penstock scenario also from there")
  private Map<String, Path> builds = new LinkedHashMap<>();

  @Spec(Spec.Target.MIXEE)
  private @Nullable CommandSpec spec;

  /** A target with one of the sizes. */
  record Run(Scenario scenario, Target target, int body) {}

  private final List<Target> running = new ArrayList<>();
  private final List<Run> runs = new ArrayList<>();

  /** Returns what there is to measure, in its order. */
  List<Run> runs() {
    return Collections.unmodifiableList(runs);
  }

  /** Returns the sizes of bodies, for people. */
  String sizes() {
    return bodies.stream().map(String::valueOf).collect(Collectors.joining(", "));
  }

  /** Returns whether a scenario was chosen. */
  boolean isWanted(Scenario scenario) {
    return only.isEmpty() || only.stream().anyMatch(scenario.label()::startsWith);
  }

  /**
   * Refuses what cannot be measured, before anything is started.
   *
   * @throws ParameterException with what is wrong and what was expected
   */
  void check() {
    running.addAll(given());
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

  /**
   * Starts the targets of a scenario; one that cannot be started is left out, which the report
   * says.
   *
   * @param redis its address, empty where the scenario needs none
   */
  void start(Scenario scenario, Launcher launcher, Target mock, String redis, Report report) {
    if (!scenario.program().equals("penstock")) {
      start(
          scenario,
          report,
          () -> {
            Path file = Launcher.scenario(scenario.file());
            return scenario.program().isEmpty()
                ? mock
                : launcher.proxy(scenario.program(), file, mock, PROXY);
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

  /**
   * Adds the gateways that run already; call it last: with streams too if others are measured so.
   */
  void addGiven() {
    running.forEach(this::add);
  }

  private void add(Target target) {
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
}

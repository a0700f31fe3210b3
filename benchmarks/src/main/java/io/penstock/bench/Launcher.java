package io.penstock.bench;

import io.penstock.testkit.Ports;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** Starts the processes of a benchmark on loopback ports, each optionally pinned to one CPU. */
final class Launcher {
  private static final long START_NANOS = 90_000_000_000L;

  private final Path repository;
  private final Path work;
  private final boolean pin;

  /** A target that cannot run here, and why. */
  static final class Unavailable extends Exception {
    private static final long serialVersionUID = 1L;

    Unavailable(String why) {
      super(why);
    }
  }

  Launcher(Path repository, Path work, boolean pin) {
    this.repository = repository;
    this.work = work;
    this.pin = pin;
  }

  /** Starts the mock provider. */
  Target mock(int tokens, long firstMicros, long eventMicros) throws Unavailable {
    int port = Ports.free();
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-Xmx64m", "--enable-native-access=ALL-UNNAMED"));
    command.add("-Dlogback.configurationFile=bench-logback.xml");
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(MockProvider.class.getName());
    command.addAll(List.of("" + port, "" + tokens, "" + firstMicros, "" + eventMicros));
    return start("no-gateway", port, command, Map.of());
  }

  /** Starts nginx or haproxy with the scenario's file, in which {@code ${NAME}} is replaced. */
  Target proxy(String program, Path template, Target upstream) throws Unavailable {
    if (onPath(program).isEmpty()) {
      throw new Unavailable(
          program + " is not on the PATH (Debian: apt-get install " + program + ")");
    }
    int port = Ports.free();
    String config =
        read(template)
            .replace("${PORT}", Integer.toString(port))
            .replace("${UPSTREAM_PORT}", Integer.toString(upstream.chat().getPort()))
            .replace("${WORK}", work.toString());
    Path file = work.resolve(template.getFileName().toString());
    write(file, config);
    List<String> command =
        program.equals("nginx")
            ? List.of("nginx", "-p", work.toString(), "-c", file.toString())
            : List.of(program, "-f", file.toString());
    return start(program, port, command, Map.of());
  }

  /**
   * A Penstock to start.
   *
   * @param name in the results
   * @param repository where its launcher is
   * @param javaOptions further options of its JVM
   */
  record Gateway(String name, Path repository, String javaOptions, String yaml) {
    Gateway with(String variant, Path from, String options) {
      return new Gateway(name + " " + variant, from, options, yaml);
    }
  }

  /** Starts Penstock with the scenario's configuration. */
  Target penstock(Gateway gateway, Target upstream, String redis) throws Unavailable {
    Path launcher = gateway.repository().toAbsolutePath().resolve("penstock");
    if (!Files.isExecutable(launcher)) {
      throw new Unavailable("there is no ./penstock to start");
    }
    int port = Ports.free();
    Path data = work.resolve(gateway.name().replace(' ', '-'));
    Map<String, String> environment =
        Map.of(
            "PENSTOCK_JAVA_OPTS",
            gateway.javaOptions(),
            "BENCH_LISTEN",
            "127.0.0.1:" + port,
            "BENCH_ADMIN",
            "127.0.0.1:" + Ports.free(),
            "BENCH_UPSTREAM",
            "http://127.0.0.1:" + upstream.chat().getPort() + "/v1",
            "BENCH_REDIS",
            redis,
            "BENCH_DATA",
            data.toString());
    Path config = data.resolve("penstock.yaml");
    write(config, gateway.yaml());
    List<String> command = List.of(launcher.toString(), "serve", "--config", config.toString());
    return start(gateway.name(), port, command, environment);
  }

  private Target start(String name, int port, List<String> command, Map<String, String> environment)
      throws Unavailable {
    List<String> whole = new ArrayList<>();
    if (pin) {
      whole.addAll(List.of("taskset", "-c", name.equals("no-gateway") ? "0" : "1"));
    }
    whole.addAll(command);
    Path log = work.resolve(name + ".log");
    ProcessBuilder builder =
        new ProcessBuilder(whole)
            .directory(repository.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().putAll(environment);
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new Unavailable(e.getMessage() == null ? e.toString() : e.getMessage());
    }
    long deadline = System.nanoTime() + START_NANOS;
    while (!Ports.isOpen(port)) {
      if (!process.isAlive() || System.nanoTime() - deadline > 0) {
        process.destroy();
        throw new Unavailable(name + " did not start: " + lastLine(log));
      }
      LockSupport.parkNanos(20_000_000);
    }
    URI chat = URI.create("http://127.0.0.1:" + port + "/v1/chat/completions");
    return new Target(name, chat, new ProcessMeter(process.pid()), process);
  }

  private static Optional<Path> onPath(String program) {
    String path = System.getenv().getOrDefault("PATH", "") + ":/usr/sbin:/usr/local/sbin";
    for (String folder : path.split(":")) {
      Path file = Path.of(folder, program);
      if (Files.isExecutable(file)) {
        return Optional.of(file);
      }
    }
    return Optional.empty();
  }

  /** The last thing it said, without the paths of this run. */
  private String lastLine(Path log) {
    List<String> lines = read(log).lines().map(line -> line.replace(work + "/", "")).toList();
    return lines.isEmpty() ? "it said nothing" : lines.get(Math.max(0, lines.size() - 2));
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static void write(Path file, String text) {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}

package io.penstock.bench;

import io.penstock.testkit.Executables;
import io.penstock.testkit.Ports;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntPredicate;

/**
 * Starts the processes of a benchmark on loopback ports, each optionally pinned to one CPU. Closing
 * it ends those that still run and deletes what they wrote; so does ending this process.
 */
final class Launcher implements AutoCloseable {
  private static final long START_NANOS = 90_000_000_000L;
  private static final Path REPOSITORY =
      Path.of(System.getProperty("bench.repository", "..")).toAbsolutePath().normalize();

  private final List<Process> started = new CopyOnWriteArrayList<>();
  private final Thread last = Executables.atExit(this::end, "launcher-end");
  private final Path work;
  private final boolean pin;

  /** A target that cannot run here, and why. */
  static final class Unavailable extends Exception {
    private static final long serialVersionUID = 1L;

    Unavailable(String why) {
      super(why);
    }
  }

  private Launcher(Path work, boolean pin) {
    this.work = work;
    this.pin = pin;
  }

  /**
   * Creates a launcher with a folder of its own.
   *
   * @param pin the mock provider on CPU 0, all others on CPU 1
   */
  static Launcher open(boolean pin) {
    try {
      return new Launcher(Files.createTempDirectory("penstock-bench"), pin);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether there are two CPUs, and taskset to keep processes on them. */
  static boolean canPin() {
    return Runtime.getRuntime().availableProcessors() > 1 && Executables.onPath("taskset") != null;
  }

  /**
   * Moves this process, with all that it starts from now on, to CPU 0.
   *
   * @throws Unavailable when there is no taskset
   */
  static void pinSelf() throws Unavailable {
    String pid = Long.toString(ProcessHandle.current().pid());
    try {
      Process taskset =
          new ProcessBuilder("taskset", "-a", "-p", "-c", "0", pid)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (taskset.onExit().join().exitValue() != 0) {
        throw new Unavailable("taskset could not move process " + pid + " to CPU 0");
      }
    } catch (IOException e) {
      throw new Unavailable("--pin: " + e.getMessage());
    }
  }

  /** Returns where Penstock's sources are. */
  static Path repository() {
    return REPOSITORY;
  }

  /** Returns the file of a scenario. */
  static Path scenario(String name) {
    return REPOSITORY.resolve("benchmarks").resolve("scenarios").resolve(name);
  }

  /**
   * A mock provider to start.
   *
   * @param port 0 for any
   * @param tokens of an answer, an event each
   * @param firstMicros before the first event of a stream
   * @param eventMicros between events
   * @param but one in so many is answered, the others are refused
   */
  record Mock(int port, int tokens, long firstMicros, long eventMicros, int but) {
    Mock(int port, int tokens, long firstMicros, long eventMicros) {
      this(port, tokens, firstMicros, eventMicros, 1);
    }
  }

  /** Starts the mock provider. */
  Target mock(Mock mock) throws Unavailable {
    int port = mock.port() == 0 ? Ports.free() : mock.port();
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-Xmx64m", "--enable-native-access=ALL-UNNAMED"));
    command.add("-Dlogback.configurationFile=bench-logback.xml");
    command.add("-Dio.netty.leakDetection.level=disabled");
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(MockProvider.class.getName());
    command.addAll(
        List.of(
            "" + port,
            "" + mock.tokens(),
            "" + mock.firstMicros(),
            "" + mock.eventMicros(),
            "" + mock.but()));
    return await("no-gateway", port, spawn("no-gateway", command, Map.of()), Ports::isOpen);
  }

  /**
   * Starts nginx or haproxy with the scenario's file, in which {@code ${NAME}} is replaced.
   *
   * @param numbers by name: {@code CONNECTIONS} that nginx makes room for, both sides together, and
   *     what else the file wants
   */
  Target proxy(String program, Path template, Target upstream, Map<String, Integer> numbers)
      throws Unavailable {
    if (Executables.onPath(program) == null && !Files.isExecutable(Path.of("/usr/sbin", program))) {
      throw new Unavailable(
          program + " is not on the PATH (Debian: apt-get install " + program + ")");
    }
    int port = Ports.free();
    Path own = work.resolve(program + "-" + port);
    String config =
        read(template)
            .replace("${PORT}", Integer.toString(port))
            .replace("${UPSTREAM_PORT}", Integer.toString(upstream.port()))
            .replace("${WORK}", own.toString());
    for (Map.Entry<String, Integer> number : numbers.entrySet()) {
      config = config.replace("${" + number.getKey() + "}", number.getValue().toString());
    }
    int unknown = config.indexOf("${");
    if (unknown >= 0) {
      String name = config.substring(unknown, config.indexOf('}', unknown) + 1);
      throw new IllegalArgumentException(template + ": no number is given for " + name);
    }
    Path file = own.resolve(template.getFileName().toString());
    write(file, config);
    List<String> command =
        program.equals("nginx")
            ? List.of("nginx", "-p", own.toString(), "-c", file.toString())
            : List.of(program, "-f", file.toString());
    return await(program, port, spawn(program, command, Map.of()), Ports::isOpen);
  }

  /**
   * A Penstock to start.
   *
   * @param name in the results
   * @param repository where its launcher is
   * @param javaOptions further options of its JVM
   */
  record Gateway(String name, Path repository, String javaOptions, String yaml) {
    /** Returns this repository's, with the configuration of a scenario. */
    static Gateway of(String name, String javaOptions, String file) {
      return new Gateway(name, REPOSITORY, javaOptions, read(scenario(file)));
    }

    /** Returns it with this namespace in Redis in place of its scenario's. */
    Gateway inNamespace(String namespace) {
      String other = yaml.replace("namespace: bench,", "namespace: " + namespace + ",");
      if (other.equals(yaml)) {
        throw new IllegalArgumentException(name + ": its scenario names no namespace 'bench'");
      }
      return new Gateway(name, repository, javaOptions, other);
    }

    Gateway with(String variant, Path from, String options) {
      return new Gateway(name + " " + variant, from, options, yaml);
    }
  }

  /** Starts Penstock with the scenario's configuration, and waits until it serves. */
  Target penstock(Gateway gateway, Target upstream, String redis) throws Unavailable {
    int port = Ports.free();
    int admin = Ports.free();
    Process process = spawnPenstock(gateway, port, admin, upstream, redis);
    return await(gateway.name(), port, process, ReadyProbe::isReady).telling(admin);
  }

  /** Starts Penstock on these ports without waiting for it. */
  Process spawnPenstock(Gateway gateway, int port, int admin, Target upstream, String redis)
      throws Unavailable {
    Path launcher = gateway.repository().toAbsolutePath().resolve("penstock");
    if (!Files.isExecutable(launcher)) {
      throw new Unavailable("there is no ./penstock to start");
    }
    Path data = work.resolve(fileName(gateway.name()));
    Map<String, String> environment = new HashMap<>();
    environment.put("PENSTOCK_JAVA_OPTS", gateway.javaOptions());
    environment.put("BENCH_LISTEN", "127.0.0.1:" + port);
    environment.put("BENCH_ADMIN", "127.0.0.1:" + admin);
    environment.put("BENCH_UPSTREAM", "http://127.0.0.1:" + upstream.port() + "/v1");
    environment.put("BENCH_REDIS", redis);
    environment.put("BENCH_DATA", data.toString());
    Path config = data.resolve("penstock.yaml");
    write(config, gateway.yaml());
    List<String> command = List.of(launcher.toString(), "serve", "--config", config.toString());
    return spawn(gateway.name(), command, environment);
  }

  private Process spawn(String name, List<String> command, Map<String, String> environment)
      throws Unavailable {
    List<String> whole = new ArrayList<>();
    if (pin) {
      whole.addAll(List.of("taskset", "-c", name.equals("no-gateway") ? "0" : "1"));
    }
    whole.addAll(command);
    ProcessBuilder builder =
        new ProcessBuilder(whole)
            .directory(REPOSITORY.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log(name).toFile());
    builder.environment().putAll(environment);
    try {
      Process process = builder.start();
      started.add(process);
      return process;
    } catch (IOException e) {
      throw new Unavailable(e.getMessage() == null ? e.toString() : e.getMessage());
    }
  }

  private Target await(String name, int port, Process process, IntPredicate ready)
      throws Unavailable {
    long deadline = System.nanoTime() + START_NANOS;
    while (!ready.test(port)) {
      if (!process.isAlive() || System.nanoTime() - deadline > 0) {
        process.destroy();
        throw new Unavailable(name + " did not start: " + lastWords(log(name)));
      }
      LockSupport.parkNanos(20_000_000);
    }
    URI chat = URI.create("http://127.0.0.1:" + port + "/v1/chat/completions");
    return new Target(name, chat, new ProcessMeter(process.pid()), process);
  }

  @Override
  public void close() {
    Executables.forget(last);
    end();
  }

  private void end() {
    started.forEach(Process::destroy);
    started.forEach(process -> process.onExit().join());
    Executables.deleteTree(work);
  }

  private Path log(String name) {
    return work.resolve(fileName(name) + ".log");
  }

  private static String fileName(String name) {
    return name.replace(' ', '-');
  }

  /** The last that it said, without the paths of this run. */
  private String lastWords(Path log) {
    List<String> lines = read(log).lines().map(line -> line.replace(work + "/", "")).toList();
    return lines.isEmpty()
        ? "it said nothing"
        : String.join("; ", lines.subList(Math.max(0, lines.size() - 3), lines.size()));
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Path file, String text) {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

package io.penstock.bench;

import io.penstock.bench.Launcher.Unavailable;
import io.penstock.testkit.RedisServer;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Several gateways over one Redis: what they cost together, at one total rate; and as many of
 * nginx, for what the machine itself makes of more processes with less to do each.
 */
@Command(
    name = "replicas",
    mixinStandardHelpOptions = true,
    description = "CPU and Redis calls per request of 1, 2, 4, 8 gateways at one total rate.")
final class ReplicasCommand implements Callable<Integer> {
  private static final PrintStream OUT = System.out;
  private static final double KIB_PER_MIB = 1024;
  private static final int CONNECTIONS = 64;

  @Option(names = "--counts", split = ",", defaultValue = "1,2,4,8", description = "of replicas")
  private List<Integer> counts = new ArrayList<>();

  @Option(names = "--rate", defaultValue = "1000", description = "due per second, of all together")
  private int rate;

  @Option(names = "--seconds", defaultValue = "20", description = "${DEFAULT-VALUE}")
  private int seconds;

  @Option(
      names = "--warmup",
      defaultValue = "15000",
      description = "requests to each replica first")
  private int warmup;

  @Option(names = "--warmup-rate", defaultValue = "2000", description = "of all together")
  private int warmupRate;

  @Option(
      names = "--apart",
      description =
          "each count also with a namespace for each gateway, so that they share the machine and"
              + " Redis but no counter, answer or lease: what sharing costs is the difference")
  private boolean apart;

  @Option(
      names = "--turns",
      description =
          "milliseconds for which all requests go to one of them before they go to the next, at"
              + " the same total rate: what the others took of the caches of this machine's CPUs"
              + " is then paid once a turn, not with each request")
  private int turnMillis;

  private final Table table =
      new Table(
          "replicas",
          "CPU/request us",
          "of these compiling",
          "ratio without",
          "Redis scripts/request",
          "commands/request",
          "ratio",
          "Redis CPU/request us",
          "one Redis is full at",
          "p50 us",
          "p99 us",
          "MiB each",
          "failed");
  private final Table proxies =
      new Table(
          "nginx processes", "CPU/request us", "ratio", "p50 us", "p99 us", "MiB each", "failed");
  private final StringBuilder commands = new StringBuilder();
  private double firstCpu;
  private double firstProxyCpu;
  private double firstCalls;

  @Override
  public Integer call() throws Unavailable {
    for (int count : counts) {
      try (Launcher launcher = Launcher.open(false)) {
        measureProxies(count, launcher);
      } catch (Unavailable e) {
        System.err.println("without nginx: " + e.getMessage());
      }
      try (Launcher launcher = Launcher.open(false);
          RedisServer redis = RedisServer.start()) {
        measure(count, false, launcher, redis);
      }
      if (apart) {
        try (Launcher launcher = Launcher.open(false);
            RedisServer redis = RedisServer.start()) {
          measure(count, true, launcher, redis);
        }
      }
    }
    OUT.printf(
        "%d requests/s in all for %d s, everything on over one Redis, a ledger file each; before it"
            + " %d requests to each replica. Redis is full at: an estimate, one CPU divided by the"
            + " CPU of redis-server per request here.%n%n%s%n%s%nRedis commands per request, those"
            + " inside scripts included:%n%s",
        rate, seconds, warmup, table, proxies, commands);
    return 0;
  }

  private void measure(int count, boolean alone, Launcher launcher, RedisServer redis)
      throws Unavailable {
    Target mock = launcher.mock(new Launcher.Mock(0, 30, 0, 0));
    List<Target> replicas = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      replicas.add(launcher.penstock(replica(i, alone), mock, redis.uri()));
    }
    run(replicas, warmupRate, Math.ceilDiv(warmup * count, warmupRate));
    long cpu = cpuNanos(replicas);
    long compiled = compilerNanos(replicas);
    ProcessMeter meter = new ProcessMeter(redis.pid());
    long redisCpu = meter.cpuNanos();
    RedisStats before = stats(redis);
    LoadResult result = run(replicas, rate, seconds);
    RedisStats added = stats(redis).since(before);
    long requests = Math.max(1, result.completed());
    double perRequest = (cpuNanos(replicas) - cpu) / 1e3 / requests;
    double compiling = Math.max(0, compilerNanos(replicas) - compiled) / 1e3 / requests;
    double redisPerRequest = (meter.cpuNanos() - redisCpu) / 1e3 / requests;
    double calls = (double) added.total() / requests;
    if (firstCpu == 0) {
      firstCpu = perRequest - compiling;
      firstCalls = calls;
    }
    String name = alone ? count + " apart" : "" + count;
    table.row(
        name,
        perRequest,
        compiling,
        two((perRequest - compiling) / firstCpu),
        two((double) added.scripts() / requests),
        two(calls),
        two(calls / firstCalls),
        redisPerRequest,
        Math.round(1e6 / redisPerRequest / 100) * 100 + "/s",
        result.latency().getValueAtPercentile(50),
        result.latency().getValueAtPercentile(99),
        mebibytesEach(replicas),
        result.failed());
    commands.append(name).append(": ").append(added.perRequest(requests)).append('\n');
    System.err.println(name + " replicas measured " + result.firstError());
  }

  private static Launcher.Gateway replica(int number, boolean alone) {
    Launcher.Gateway gateway = Launcher.Gateway.of("replica " + number, "", "08-redis.yaml");
    return alone ? gateway.inNamespace("bench-" + number) : gateway;
  }

  private void measureProxies(int count, Launcher launcher) throws Unavailable {
    Target mock = launcher.mock(new Launcher.Mock(0, 30, 0, 0));
    List<Target> processes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      processes.add(
          launcher.proxy(
              "nginx", Launcher.scenario("02-nginx.conf"), mock, Map.of("CONNECTIONS", 4096)));
    }
    run(processes, rate, 5);
    long cpu = cpuNanos(processes);
    LoadResult result = run(processes, rate, seconds);
    double perRequest = (cpuNanos(processes) - cpu) / 1e3 / Math.max(1, result.completed());
    if (firstProxyCpu == 0) {
      firstProxyCpu = perRequest;
    }
    proxies.row(
        count,
        perRequest,
        two(perRequest / firstProxyCpu),
        result.latency().getValueAtPercentile(50),
        result.latency().getValueAtPercentile(99),
        mebibytesEach(processes),
        result.failed());
    System.err.println(count + " nginx processes measured " + result.firstError());
  }

  private static double mebibytesEach(List<Target> targets) {
    long kib = targets.stream().mapToLong(target -> target.meter().residentKib()).sum();
    return kib / KIB_PER_MIB / targets.size();
  }

  private LoadResult run(List<Target> replicas, int due, int length) {
    Load load = new Load(Load.Kind.UNIQUE, due, length, CONNECTIONS, 1000);
    return LoadGenerator.run(
        replicas.stream().map(Target::chat).toList(),
        load,
        load.pace().inTurns(turnMillis),
        Watcher.NONE);
  }

  private static long cpuNanos(List<Target> targets) {
    return targets.stream().mapToLong(target -> target.meter().cpuNanos()).sum();
  }

  private static long compilerNanos(List<Target> targets) {
    return targets.stream().mapToLong(target -> target.meter().compilerNanos()).sum();
  }

  private static RedisStats stats(RedisServer redis) {
    return RedisStats.of(redis.command("INFO", "commandstats"));
  }

  private static String two(double value) {
    return String.format("%.2f", value);
  }
}

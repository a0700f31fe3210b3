package io.penstock.server;

import io.penstock.core.identity.KeyRing;
import io.penstock.server.command.Commands;
import io.penstock.server.command.ConfigOption;
import io.penstock.server.command.ExitCode;
import io.penstock.server.config.Config;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code penstock warmup}: starts a gateway on free ports, lets {@link WarmupPeerCommand} call it,
 * and stops. The launcher runs it once to make the ahead-of-time cache, which keeps the profiles of
 * what ran (JEP 515): so provider and clients run in another process, whose profiles it must not
 * have.
 */
@Command(
    name = "warmup",
    hidden = true,
    description = "Does what every start does, for the ahead-of-time cache.",
    mixinStandardHelpOptions = true)
final class WarmupCommand implements Callable<Integer> {
  private static final int MINUTES = 5;

  @Option(
      names = "--calls",
      defaultValue = "2500",
      description =
          "of each of the clients (default: ${DEFAULT-VALUE}, so that all that is hot gets"
              + " compiled)")
  private int calls;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    Path directory = Files.createTempDirectory("penstock-warmup");
    // The provider's port until its process takes it: the gateway's own ports cannot be it.
    Socket place = new Socket();
    try {
      place.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      int provider = place.getLocalPort();
      Path file = directory.resolve("penstock.yaml");
      Files.writeString(file, config(directory.resolve("ledger.db"), provider));
      Config loaded = ConfigOption.load(file, Commands.err(spec));
      if (loaded == null) {
        return ExitCode.WRONG_INPUT;
      }
      Logging.configure(loaded.log());
      try (Gateway gateway =
          Gateway.start(loaded, file, ConfigOption.loader(System.getenv())::load)) {
        place.close();
        letCall(provider, gateway);
      }
      return ExitCode.OK;
    } finally {
      place.close();
      delete(directory);
    }
  }

  private void letCall(int provider, Gateway gateway) throws IOException, InterruptedException {
    Process peer = WarmupPeerCommand.spawn(calls, provider, gateway.port(), gateway.adminPort());
    try (BufferedReader said = peer.inputReader(StandardCharsets.UTF_8)) {
      if (!peer.waitFor(MINUTES, TimeUnit.MINUTES)) {
        throw new IOException("the calls took more than " + MINUTES + " minutes");
      }
      List<String> lines = said.lines().toList();
      if (peer.exitValue() != ExitCode.OK) {
        String last = lines.isEmpty() ? "no reason was given" : lines.getLast();
        throw new IOException("the calls failed: " + last);
      }
      // Whether the profiles know refusals depends on the machine: let who builds an image see it.
      lines.stream()
          .filter(line -> line.contains(WarmupPeerCommand.FLOOD))
          .forEach(Commands.out(spec)::println);
    } finally {
      peer.destroyForcibly();
    }
  }

  /** Returns what a gateway does in earnest, with limits that nothing reaches. */
  private static String config(Path ledger, int provider) {
    return """
    listen: 127.0.0.1:0
    admin: { listen: 127.0.0.1:0 }
    ledger: { url: "sqlite:%s" }
    providers:
      peer: { dialect: openai, base_url: "http://127.0.0.1:%d/v1", keys: [sk-warmup], catalogue: openai }
    teams:
      warmup: { models: ["*"] }
    keys:
      - { id: k-warmup, sha256: ["%s"], team: warmup, app: load, user: u1 }
    budgets:
      - { name: all, limit: 1000000 USD, every: month }
      - { name: per-user, per: user, limit: 100000 USD, every: day }
    rates:
      - { name: per-key, per: key, requests: 10000000, tokens: 100000000000, every: minute }
    models:
      gpt-4o-mini:
        strategy: rules
        rules:
          - { if: 'metadata.tier == "pro"', use: peer/gpt-4o }
          - { use: peer/gpt-4o-mini }
    cache:
      exact: { ttl: 1h, scope: team }
    """
        .formatted(ledger, provider, KeyRing.hash(WarmupPeerCommand.KEY));
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}

package io.penstock.server;

import io.penstock.core.Ticker;
import io.penstock.testkit.FakeProvider;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A gateway for all tests of a class, in a directory of its own. Its providers forget before each
 * test what they were asked and told; they end with the process, so that a class can be run again.
 */
final class GatewayExtension extends RunningGateway
    implements BeforeAllCallback, BeforeEachCallback, AfterAllCallback {
  /** Makes a configuration. */
  interface Yaml {
    /** Returns the one for a gateway in that directory. */
    String in(Path directory) throws Exception;
  }

  private final Yaml yaml;
  private final List<FakeProvider> providers;
  private final Path directory;

  private GatewayExtension(Yaml yaml, List<FakeProvider> providers) throws IOException {
    this.yaml = yaml;
    this.providers = providers;
    this.directory = Files.createTempDirectory("gateway");
  }

  /**
   * Returns a gateway that starts before the first test.
   *
   * @param providers those that forget
   */
  static GatewayExtension of(Yaml yaml, FakeProvider... providers) {
    try {
      return new GatewayExtension(yaml, List.of(providers));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns one with the configuration of most tests; {@code more} are further top-level keys. */
  static GatewayExtension of(FakeProvider provider, String more) {
    return of(directory -> yaml(directory, provider, more), provider);
  }

  /** Where its configuration and ledger are. */
  Path directory() {
    return directory;
  }

  @Override
  public void beforeAll(ExtensionContext context) throws Exception {
    Files.createDirectories(directory);
    begin(directory, yaml.in(directory), Ticker.system());
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    providers.forEach(FakeProvider::reset);
  }

  @Override
  public void afterAll(ExtensionContext context) throws IOException {
    close();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}

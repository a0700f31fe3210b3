package io.penstock.server;

import io.penstock.core.Ticker;
import io.penstock.core.price.PriceBook;
import io.penstock.core.route.HealthBoard;
import io.penstock.core.rule.Conditions;
import io.penstock.server.auth.CredentialFetcher;
import io.penstock.server.call.SemanticRules;
import io.penstock.server.config.Config;
import io.penstock.server.config.ConfigSchema;
import io.penstock.server.config.TlsConfig;
import io.penstock.server.config.load.LoadResult;
import io.penstock.server.identity.Tokens;
import io.penstock.server.snapshot.BudgetMapping;
import io.penstock.server.snapshot.CloudCredentials;
import io.penstock.server.snapshot.KeyIdentity;
import io.penstock.server.snapshot.PossibleCalls;
import io.penstock.server.snapshot.Prices;
import io.penstock.server.snapshot.ProviderFactory;
import io.penstock.server.snapshot.RouteMapping;
import io.penstock.server.snapshot.SnapshotBuilder;
import io.penstock.server.targets.ProviderRuntime;
import io.penstock.server.targets.Routing;
import io.penstock.server.targets.TargetRuntime;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code penstock check}: all problems of a configuration at once. */
@Command(
    name = "check",
    description = "Names every problem of a configuration: file, line, path, value, expectation.",
    mixinStandardHelpOptions = true)
final class CheckCommand implements Callable<Integer> {
  @Mixin private ConfigOption config = new ConfigOption();

  @Option(
      names = "--schema",
      description = "prints the JSON Schema of a configuration instead, for editors")
  private boolean schema;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter out = Commands.out(spec);
    if (schema) {
      out.println(ConfigSchema.make().toPrettyString());
      return Main.OK;
    }
    LoadResult result = ConfigOption.loader(System.getenv()).check(config.file);
    return switch (result) {
      case LoadResult.Rejected rejected -> {
        rejected.warnings().forEach(warning -> out.println("warning: " + warning));
        ConfigOption.print(rejected.problems(), out);
        yield Main.WRONG_INPUT;
      }
      case LoadResult.Loaded loaded -> {
        loaded.warnings().forEach(warning -> out.println("warning: " + warning));
        yield build(loaded, out);
      }
    };
  }

  /** Builds what a start would build, without opening a port or a store. */
  private int build(LoadResult.Loaded loaded, PrintWriter out) {
    Config of = loaded.config();
    List<String> errors = new ArrayList<>();
    collect(
        errors,
        () ->
            new BudgetMapping(new Conditions())
                .plan(of)
                .warnings(new PossibleCalls(of)::differingIn)
                .forEach(warning -> out.println("warning: " + warning)));
    tls("tls", of.tls(), errors, out);
    tls("admin.tls", of.admin().tls(), errors, out);
    state(of, out);
    routes(of, errors, out);
    errors.forEach(line -> out.println("error: " + line));
    if (!errors.isEmpty()) {
      return Main.WRONG_INPUT;
    }
    out.println(config.file + ": ok");
    return Main.OK;
  }

  private static void tls(
      String section, @Nullable TlsConfig tls, List<String> errors, PrintWriter out) {
    if (tls != null && !Files.isReadable(tls.key())) {
      out.println(
          "warning: "
              + section
              + ".key: "
              + tls.key()
              + ": cannot be read here, so the pair is not checked");
    } else if (tls != null) {
      collect(errors, () -> TlsFiles.of(section, tls));
    }
  }

  /** A part of a start. */
  private interface Part {
    void build() throws IOException;
  }

  private static void collect(List<String> errors, Part part) {
    try {
      part.build();
    } catch (IOException | IllegalArgumentException | PriceBook.CatalogueException e) {
      tell(errors, e);
    }
  }

  /** Builds what needs prices, or where these are wrong, what needs none. */
  private static void routes(Config of, List<String> errors, PrintWriter out) {
    PriceBook prices;
    try {
      prices = Prices.of(PriceBook.bundled(), of.prices());
    } catch (IOException | IllegalArgumentException | PriceBook.CatalogueException e) {
      tell(errors, e);
      collect(errors, () -> new RouteMapping(new Conditions()).table(of));
      return;
    }
    var credentials = new CloudCredentials(new CredentialFetcher(Ticker.system()), System.getenv());
    try (ProviderFactory factory = new ProviderFactory(Ticker.system(), () -> 1, credentials)) {
      Map<String, ProviderRuntime> providers = factory.make(of.providers());
      collect(errors, () -> snapshot(of, prices, providers, out));
    } catch (IOException | IllegalArgumentException e) {
      tell(errors, e);
      // What needs no provider.
      collect(errors, () -> new RouteMapping(new Conditions()).table(of));
    }
  }

  private static void tell(List<String> errors, Exception problem) {
    String.valueOf(problem.getMessage()).lines().forEach(errors::add);
  }

  private static void snapshot(
      Config of, PriceBook prices, Map<String, ProviderRuntime> providers, PrintWriter out) {
    SnapshotBuilder builder =
        new SnapshotBuilder(of, prices, providers, new Conditions(), SemanticRules.NONE);
    builder.build(
        1,
        KeyIdentity.of(of, Tokens.NONE, Ticker.system()),
        new Routing(Ticker.system(), name -> HealthBoard.BreakerSetting.DEFAULT, target -> {}),
        Ticker.system());
    for (String target : builder.unpriced()) {
      out.println(
          "warning: "
              + target
              + ": no price is known (expected: a model of the catalogue, an entry in"
              + " prices.files, `free: true`, or another prices.unknown)");
    }
    long now = Ticker.system().epochMillis();
    Set<String> told = new HashSet<>();
    for (TargetRuntime target : builder.reachable()) {
      if (target.searchesUnpriced(now) && told.add(target.label())) {
        out.println(
            "warning: "
                + target.label()
                + ": it searches the web, but web_search has no price (expected: a rate in"
                + " prices.files; until then it is "
                + (target.price().refusesUnpriced() ? "refused" : "booked as 0")
                + ")");
      }
    }
  }

  private static void state(Config config, PrintWriter out) {
    String warning = SharedBudgets.warning(config);
    if (warning != null) {
      out.println("warning: " + warning);
    }
  }
}

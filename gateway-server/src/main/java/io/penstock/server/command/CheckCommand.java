package io.penstock.server.command;

import io.penstock.core.Ticker;
import io.penstock.core.price.PriceBook;
import io.penstock.core.route.HealthBoard;
import io.penstock.core.rule.Conditions;
import io.penstock.server.auth.CredentialFetcher;
import io.penstock.server.call.SemanticRules;
import io.penstock.server.client.TlsFiles;
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
import io.penstock.server.store.SharedBudgets;
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

  @Option(names = "--strict", description = "exits with 1 on warnings, too: for a pipeline")
  private boolean strict;

  @Spec private @Nullable CommandSpec spec;

  private int warnings;

  @Override
  public Integer call() {
    PrintWriter out = Commands.out(spec);
    if (schema) {
      out.println(ConfigSchema.make().toPrettyString());
      return ExitCode.OK;
    }
    LoadResult result = ConfigOption.loader(System.getenv()).check(config.file);
    return switch (result) {
      case LoadResult.Rejected rejected -> {
        rejected.warnings().forEach(this::warn);
        ConfigOption.print(rejected.problems(), out);
        yield ExitCode.WRONG_INPUT;
      }
      case LoadResult.Loaded loaded -> {
        loaded.warnings().forEach(this::warn);
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
                .forEach(this::warn));
    tls("tls", of.tls(), errors);
    tls("admin.tls", of.admin().tls(), errors);
    state(of);
    routes(of, errors, loaded.targets());
    errors.forEach(line -> out.println("error: " + line));
    if (!errors.isEmpty()) {
      return ExitCode.WRONG_INPUT;
    }
    if (strict && warnings > 0) {
      out.println(config.file + ": no problem, but " + warnings + " to be warned of (--strict)");
      return ExitCode.WRONG_INPUT;
    }
    out.println(config.file + ": ok");
    return ExitCode.OK;
  }

  private void tls(String section, @Nullable TlsConfig tls, List<String> errors) {
    if (tls != null && !Files.isReadable(tls.key())) {
      warn(section + ".key: " + tls.key() + ": cannot be read here, so the pair is not checked");
    } else if (tls != null) {
      collect(errors, () -> TlsFiles.of(section, tls.certificate(), tls.key()));
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
  private void routes(Config of, List<String> errors, Map<String, String> places) {
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
      collect(errors, () -> snapshot(of, prices, providers, places));
    } catch (IOException | IllegalArgumentException e) {
      tell(errors, e);
      // What needs no provider.
      collect(errors, () -> new RouteMapping(new Conditions()).table(of));
    }
  }

  private static void tell(List<String> errors, Exception problem) {
    String.valueOf(problem.getMessage()).lines().forEach(errors::add);
  }

  private void snapshot(
      Config of,
      PriceBook prices,
      Map<String, ProviderRuntime> providers,
      Map<String, String> places) {
    SnapshotBuilder builder =
        new SnapshotBuilder(of, prices, providers, new Conditions(), SemanticRules.NONE);
    builder.build(
        1,
        KeyIdentity.of(of, Tokens.NONE, Ticker.system()),
        new Routing(Ticker.system(), name -> HealthBoard.BreakerSetting.DEFAULT, target -> {}),
        Ticker.system());
    for (String target : builder.unpriced()) {
      warn(places.getOrDefault(target, "") + UnpricedTarget.told(of, prices, target));
    }
    long now = Ticker.system().epochMillis();
    Set<String> told = new HashSet<>();
    for (TargetRuntime target : builder.reachable()) {
      if (target.searchesUnpriced(now) && told.add(target.label())) {
        warn(
            target.label()
                + ": it searches the web, but web_search has no price (expected: a rate in"
                + " prices.files; until then it is "
                + (target.price().refusesUnpriced() ? "refused" : "booked as 0")
                + ")");
      }
    }
  }

  private void state(Config config) {
    String warning = SharedBudgets.warning(config);
    if (warning != null) {
      warn(warning);
    }
  }

  private void warn(Object warning) {
    warnings++;
    Commands.out(spec).println("warning: " + warning);
  }
}

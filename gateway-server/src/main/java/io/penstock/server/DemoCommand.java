package io.penstock.server;

import io.penstock.server.command.Commands;
import io.penstock.server.command.ConfigOption;
import io.penstock.server.command.ExitCode;
import io.penstock.server.config.Config;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code penstock demo}: everything on, with a provider inside. No key, no network. */
@Command(
    name = "demo",
    description = "Runs everything with a built-in demo provider on loopback.",
    mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {
  static final String KEY = "pk-demo";

  @Option(
      names = "--config",
      paramLabel = "FILE",
      defaultValue = "data/demo/penstock.yaml",
      description = "where the demo's configuration is written (default: ${DEFAULT-VALUE})")
  private Path file = Path.of("data/demo/penstock.yaml");

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    PrintWriter out = Commands.out(spec);
    if (!Files.exists(file)) {
      Path parent = file.toAbsolutePath().getParent();
      if (parent != null) {
        Files.createDirectories(parent);
      }
      Files.writeString(file, DemoConfig.yaml(file));
    }
    Config loaded = ConfigOption.load(file, Commands.err(spec));
    if (loaded == null) {
      return ExitCode.WRONG_INPUT;
    }
    if (!DemoConfig.isDemo(loaded)) {
      throw new IllegalArgumentException(
          file
              + " is not the demo's: it has no key "
              + KEY
              + " or no provider of dialect demo (expected: a new file, or one that the demo wrote;"
              + " `penstock serve --config "
              + file
              + "` serves this one)");
    }
    Logging.configure(loaded.log());
    UntilStopped.run(
        false,
        () -> Gateway.start(loaded, file, ConfigOption.loader(System.getenv())::load),
        gateway -> welcome(out, gateway, loaded.listen().isLoopback()));
    return ExitCode.OK;
  }

  private void welcome(PrintWriter out, Gateway gateway, boolean loopback) {
    String base = "http://127.0.0.1:" + gateway.port();
    String admin = "http://127.0.0.1:" + gateway.adminPort();
    out.println();
    out.println(
        "Penstock demo: a gateway and a provider in one process"
            + (loopback ? ", on loopback only." : "."));
    out.println();
    out.println("  key        " + KEY);
    out.println("  base URL   " + base + "/v1");
    out.println("  dashboard  " + admin + "/ui");
    out.println("  admin      " + admin + "/admin/v1/spend   " + admin + "/metrics");
    out.println("  config     " + file + " (edit it: it takes effect within 2 s)");
    out.println();
    out.println("Ask:");
    out.println(
        "  curl -N "
            + base
            + "/v1/chat/completions -H 'Authorization: Bearer "
            + KEY
            + "' -H 'Content-Type: application/json' \\");
    out.println(
        "    -d '{\"model\":\"gpt-4o-mini\",\"stream\":true,\"messages\":[{\"role\":\"user\","
            + "\"content\":\"What is a penstock?\"}]}'");
    out.println("  OpenAI(base_url=\"" + base + "/v1\", api_key=\"" + KEY + "\")   # Python SDK");
    out.println();
    out.println("Ask again and the cache answers. Then see what it cost, and what is left:");
    out.println("  ./penstock report --config " + file + " --by team,model");
    out.println("  ./penstock budgets --config " + file);
    out.println();
    out.flush();
  }
}

package io.penstock.server.command;

import io.penstock.server.config.Config;
import io.penstock.server.config.load.ConfigLoader;
import io.penstock.server.config.load.LoadResult;
import io.penstock.server.config.load.Problem;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option that every command has. */
public final class ConfigOption {
  @Option(
      names = "--config",
      paramLabel = "FILE",
      defaultValue = "config/penstock.yaml",
      description = "the configuration (default: ${DEFAULT-VALUE})")
  Path file = Path.of("config/penstock.yaml");

  /** Returns the file that was named. */
  public Path file() {
    return file;
  }

  /** Returns what loads a configuration with these variables. */
  public static ConfigLoader loader(Map<String, String> environment) {
    return new ConfigLoader(environment);
  }

  /** Loads the configuration; prints what is wrong and returns null when it can't be used. */
  public @Nullable Config load(PrintWriter err) {
    return load(file, err);
  }

  /** Does the same with a file. */
  public static @Nullable Config load(Path file, PrintWriter err) {
    LoadResult result = loader(System.getenv()).load(file);
    return switch (result) {
      case LoadResult.Loaded loaded -> {
        loaded.warnings().forEach(warning -> err.println("warning: " + warning));
        yield loaded.config();
      }
      case LoadResult.Rejected rejected -> {
        print(rejected.problems(), err);
        yield null;
      }
    };
  }

  static void print(List<Problem> problems, PrintWriter err) {
    problems.forEach(problem -> err.println("error: " + problem));
    err.println(
        problems.size() == 1 ? "1 problem; nothing was started" : problems.size() + " problems");
  }
}

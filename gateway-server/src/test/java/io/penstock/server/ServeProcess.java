package io.penstock.server;

import java.io.IOException;
import java.nio.file.Path;

/** {@code serve} in a process of its own, small and quick to start. Whoever starts it kills it. */
final class ServeProcess {
  private ServeProcess() {}

  /** Starts it in a directory, to whose file {@code log} goes what it says. */
  static Process start(Path directory, Path config) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "serve",
            "--config",
            config.toString())
        .directory(directory.toFile())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(directory.resolve("log").toFile()))
        .start();
  }
}

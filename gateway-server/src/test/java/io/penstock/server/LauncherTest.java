package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code ./penstock} starts, seen by a JDK that only notes how it is called. */
class LauncherTest {
  private static final Path ROOT = Path.of("..");

  @TempDir Path directory;

  private Path executable(String name, String script) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/bin/sh\n" + script + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
    return file;
  }

  /** Lays out what the launcher needs, with a JDK that makes the cache that it is told to make. */
  private void install() throws IOException {
    Files.copy(ROOT.resolve("penstock"), directory.resolve("penstock"));
    Files.createDirectories(directory.resolve(".mvn"));
    Files.copy(ROOT.resolve(".mvn/find-jdk.sh"), directory.resolve(".mvn/find-jdk.sh"));
    Files.createDirectories(lib());
    Files.createFile(lib().resolve(".built"));
    executable("jdk/bin/javac", "exit 0");
    Files.writeString(directory.resolve("jdk/release"), "JAVA_VERSION=\"25.0.1\"\n");
    executable(
        "jdk/bin/java",
        "echo \"$*\" >> "
            + directory.resolve("calls")
            + "\nfor word; do case $word in -XX:AOTCacheOutput=*) : > \"${word#*=}\";; esac; done");
  }

  private Path lib() {
    return directory.resolve("gateway-server/target/lib");
  }

  private List<String> start(String command) throws IOException, InterruptedException {
    Files.deleteIfExists(directory.resolve("calls"));
    ProcessBuilder launcher =
        new ProcessBuilder("bash", directory.resolve("penstock").toString(), command);
    launcher.environment().put("JAVA_HOME", directory.resolve("jdk").toString());
    launcher.environment().put("PENSTOCK_NO_BUILD", "1");
    launcher.environment().put("PENSTOCK_JAVA_OPTS", "-Djava.io.tmpdir=/elsewhere -Xmx512m");
    launcher.environment().remove("PENSTOCK_NO_AOT");
    assertThat(launcher.inheritIO().start().waitFor()).isZero();
    return Files.readAllLines(directory.resolve("calls"));
  }

  @Test
  void serve_optionsOfTheOperator_areThoseOfTheWarmUpToo() throws Exception {
    install();

    List<String> calls = start("serve");
    assertThat(calls).hasSize(2);
    assertThat(calls.get(0))
        .endsWith(" warmup")
        .contains("-XX:AOTCacheOutput=")
        .contains(" -Djava.io.tmpdir=/elsewhere -Xmx512m ");
    assertThat(calls.get(1))
        .endsWith(" serve")
        .contains("-XX:AOTCache=")
        .contains(" -Djava.io.tmpdir=/elsewhere -Xmx512m ");
    assertThat(start("serve")).as("made once").hasSize(1);
  }

  /** The JVM would run what the cache has of the jar that was there before. */
  @Test
  void serve_aJarNewerThanTheCache_theCacheIsMadeAnew() throws Exception {
    install();
    start("serve");
    Path jar = Files.createFile(lib().resolve("gateway.jar"));
    FileTime later = FileTime.fromMillis(System.currentTimeMillis() + 60_000);
    Files.setLastModifiedTime(jar, later);

    assertThat(start("check")).hasSize(1).allMatch(call -> !call.contains("-XX:AOTCache"));
    assertThat(start("serve")).hasSize(2).first().asString().endsWith(" warmup");
  }
}

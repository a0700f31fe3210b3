package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class MainTest {
  @Test
  void version_isThatOfTheBuild() throws IOException {
    Matcher pom =
        Pattern.compile("<version>([^<]+)</version>").matcher(Files.readString(Path.of("pom.xml")));
    assertThat(pom.find()).isTrue();
    StringWriter said = new StringWriter();
    assertThat(Main.commandLine().setOut(new PrintWriter(said)).execute("--version")).isZero();
    assertThat(said.toString().strip()).isEqualTo("penstock " + pom.group(1));
  }
}

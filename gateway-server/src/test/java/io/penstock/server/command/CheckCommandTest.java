package io.penstock.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.TestCertificate;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What {@code check} finds in files that a configuration names. */
class CheckCommandTest {
  @TempDir Path directory;

  @Test
  void check_keyOfAnotherCertificate_isAProblem() throws Exception {
    Files.writeString(directory.resolve("c.pem"), TestCertificate.create().certificatePem());
    Files.writeString(directory.resolve("k.pem"), TestCertificate.create().keyPem());
    Files.writeString(
        directory.resolve("penstock.yaml"), "tls: { certificate: c.pem, key: k.pem }\n");
    StringWriter said = new StringWriter();
    int code =
        new CommandLine(new CheckCommand())
            .setOut(new PrintWriter(said))
            .execute("--config", directory.resolve("penstock.yaml").toString());
    assertThat(code).as(said.toString()).isEqualTo(ExitCode.WRONG_INPUT);
    assertThat(said.toString()).contains("error: tls: ", "k.pem is not the key of ");
  }
}

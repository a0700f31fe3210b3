package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.server.config.TlsConfig;
import io.penstock.testkit.TestCertificate;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What certificate files may hold, and what is said of those that do not do. */
class TlsFilesTest {
  @TempDir Path directory;

  private final TestCertificate certificate = TestCertificate.create();

  private Path write(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text, StandardCharsets.ISO_8859_1);
  }

  @Test
  void load_commentInLatin1_isRead() throws Exception {
    Path chain = write("c.pem", "# M\u00fcller\n" + certificate.certificatePem());
    Path key = write("k.pem", "# M\u00fcller\n" + certificate.keyPem());
    assertThat(TlsFiles.of("tls", new TlsConfig(chain, key)).context().isServer()).isTrue();
  }

  @Test
  void load_fileThatIsGone_isNamed() throws Exception {
    Path chain = write("c.pem", certificate.certificatePem());
    TlsConfig config = new TlsConfig(chain, directory.resolve("k.pem"));
    assertThatThrownBy(() -> TlsFiles.of("tls", config))
        .hasMessage("tls: " + directory.resolve("k.pem") + ": no such file (expected: a PEM file)");
  }

  @Test
  void check_keyOfAnotherCertificate_isAProblem() throws Exception {
    write("c.pem", certificate.certificatePem());
    write("k.pem", TestCertificate.create().keyPem());
    write("penstock.yaml", "tls: { certificate: c.pem, key: k.pem }\n");
    StringWriter said = new StringWriter();
    int code =
        Main.commandLine()
            .setOut(new PrintWriter(said))
            .execute("check", "--config", directory.resolve("penstock.yaml").toString());
    assertThat(code).as(said.toString()).isEqualTo(Main.WRONG_INPUT);
    assertThat(said.toString()).contains("error: tls: ", "k.pem is not the key of ");
  }
}

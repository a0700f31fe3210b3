package io.penstock.server.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.testkit.TestCertificate;
import java.io.IOException;
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
    assertThat(TlsFiles.of("tls", chain, key).context().isServer()).isTrue();
  }

  @Test
  void load_fileThatIsGone_isNamed() throws Exception {
    Path chain = write("c.pem", certificate.certificatePem());
    Path key = directory.resolve("k.pem");
    assertThatThrownBy(() -> TlsFiles.of("tls", chain, key))
        .hasMessage("tls: " + key + ": no such file (expected: a PEM file)");
  }
}

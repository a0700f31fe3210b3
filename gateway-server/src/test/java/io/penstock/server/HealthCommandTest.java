package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Ports;
import io.penstock.testkit.TestCertificate;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Commands that ask the running server: where it listens, and what a bad edit does to them. */
@ExtendWith(LeakCheck.class)
class HealthCommandTest {
  @TempDir Path directory;

  @Test
  void server_onAnotherAddressThanLocalhost_isFound_alsoAfterABadEdit() throws Exception {
    int port = Ports.free();
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.yaml(directory, provider, "")
                    .replace(
                        "admin: { listen: 127.0.0.1:0 }",
                        "admin: { listen: 127.0.0.3:" + port + " }"))) {
      assertThat(run("health")).startsWith("0 ").contains("http://127.0.0.3:" + port + "/readyz");
      assertThat(run("budgets")).startsWith("0 ").doesNotContain("as the ledger has it");

      assertThat(run("health") + run("budgets")).doesNotContain("warning: the gateway at");
      Path other = directory.resolve("other.yaml");
      Files.copy(gateway.file(), other);
      for (String command : new String[] {"health", "budgets"}) {
        assertThat(run(command, other))
            .startsWith("0 ")
            .contains("warning: the gateway at", gateway.file() + ", not " + other);
      }

      Files.writeString(gateway.file(), Files.readString(gateway.file()) + "nonsense: 1\n");
      assertThat(run("health")).startsWith("0 ").contains("is refused");
    }
    assertThat(run("health")).as("no server").startsWith("2 ").contains("no server answers");
  }

  /** A certificate of another name than the address: by it the server of this file is known. */
  @Test
  void server_withTlsOnItsAdminPort_isKnownByItsCertificate_andByNoOther() throws Exception {
    int port = Ports.free();
    TestCertificate certificate = TestCertificate.create();
    Path cert = Files.writeString(directory.resolve("c.pem"), certificate.certificatePem());
    Path key = Files.writeString(directory.resolve("k.pem"), certificate.keyPem());
    String admin =
        "admin: { listen: 127.0.0.3:%d, tls: { certificate: 'file:%s', key: 'file:%s' } }"
            .formatted(port, cert, key);
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway _ =
            RunningGateway.start(
                directory,
                RunningGateway.yaml(directory, provider, "")
                    .replace("admin: { listen: 127.0.0.1:0 }", admin))) {
      assertThat(run("health")).startsWith("0 ").contains("https://127.0.0.3:" + port + "/readyz");
      assertThat(run("budgets")).startsWith("0 ").doesNotContain("as the ledger has it");
      assertThat(answer("http://127.0.0.3:" + port + "/healthz")).isNull();

      // Renewed while it runs: connections have the new one within a second or two.
      TestCertificate renewed = TestCertificate.create();
      Files.writeString(cert, renewed.certificatePem());
      Files.writeString(key, renewed.keyPem());
      Await.until("the renewed one is served", () -> run("health").startsWith("0 "));

      // Another one in the file than the server has: nobody answers for it.
      Files.writeString(cert, certificate.certificatePem());
      assertThat(run("health")).startsWith("2 ");
      assertThat(run("check")).startsWith("1 ").contains("admin.tls: ");
    }
  }

  /** An edit of admin.tls needs a restart, and a server that waits for it is not ill. */
  @Test
  void tlsInTheFile_otherThanTheServers_healthAsksTheOtherWay() throws Exception {
    int port = Ports.free();
    TestCertificate certificate = TestCertificate.create();
    Path cert = Files.writeString(directory.resolve("c.pem"), certificate.certificatePem());
    Path key = Files.writeString(directory.resolve("k.pem"), certificate.keyPem());
    try (FakeProvider provider = FakeProvider.start()) {
      String base = RunningGateway.yaml(directory, provider, "");
      String unset = "admin: { listen: 127.0.0.1:0 }";
      String plain = base.replace(unset, "admin: { listen: 127.0.0.3:%d }".formatted(port));
      String secure =
          base.replace(
              unset,
              "admin: { listen: 127.0.0.3:%d, tls: { certificate: 'file:%s', key: 'file:%s' } }"
                  .formatted(port, cert, key));
      try (RunningGateway gateway = RunningGateway.start(directory, plain)) {
        Files.writeString(gateway.file(), secure);
        assertThat(run("health")).startsWith("0 ").contains("http://127.0.0.3", "restart");
      }
      try (RunningGateway gateway = RunningGateway.start(directory, secure)) {
        Files.writeString(gateway.file(), plain);
        assertThat(run("health")).startsWith("0 ").contains("https://127.0.0.3", "restart");
      }
    }
  }

  private static @Nullable String answer(String url) {
    try (InputStream in = URI.create(url).toURL().openStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return null;
    }
  }

  private String run(String command) {
    return run(command, directory.resolve("penstock.yaml"));
  }

  private static String run(String command, Path file) {
    StringWriter said = new StringWriter();
    PrintWriter writer = new PrintWriter(said);
    int code =
        Main.commandLine()
            .setOut(writer)
            .setErr(writer)
            .execute(command, "--config", file.toString());
    return code + " " + said;
  }
}

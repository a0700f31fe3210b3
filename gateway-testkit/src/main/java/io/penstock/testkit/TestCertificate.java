package io.penstock.testkit;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocketFactory;

/** A certificate for localhost and 127.0.0.1 that is its own authority, made when asked for. */
public final class TestCertificate {
  private final X509Bundle bundle;

  private TestCertificate(X509Bundle bundle) {
    this.bundle = bundle;
  }

  /** Makes a certificate that is valid now. */
  public static TestCertificate create() {
    Instant now = Instant.now();
    return create(now.minus(1, ChronoUnit.DAYS), now.plus(1, ChronoUnit.DAYS));
  }

  /** Makes a certificate that has expired. */
  public static TestCertificate expired() {
    Instant now = Instant.now();
    return create(now.minus(2, ChronoUnit.DAYS), now.minus(1, ChronoUnit.DAYS));
  }

  private static TestCertificate create(Instant from, Instant until) {
    try {
      return new TestCertificate(
          new CertificateBuilder()
              .subject("CN=localhost")
              .notBefore(from)
              .notAfter(until)
              .ecp256()
              .setIsCertificateAuthority(true)
              .addSanDnsName("localhost")
              .addSanIpAddress("127.0.0.1")
              .buildSelfSigned());
    } catch (Exception e) {
      throw new AssertionError("cannot make a certificate", e);
    }
  }

  /** Returns the certificate chain as PEM. */
  public String certificatePem() {
    return bundle.getCertificatePathPEM();
  }

  /** Returns the private key as PEM. */
  public String keyPem() {
    return bundle.getPrivateKeyPEM();
  }

  /** Writes {@code tls.crt} and {@code tls.key} into the folder. */
  public void writeTo(Path folder) {
    try {
      Files.writeString(folder.resolve("tls.crt"), certificatePem());
      Files.writeString(folder.resolve("tls.key"), keyPem());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns a server's side of TLS with this certificate. */
  public SslContext serverContext() {
    try {
      return SslContextBuilder.forServer(
              bundle.getKeyPair().getPrivate(), bundle.getCertificatePath())
          .build();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns a server's side of TLS for blocking sockets. */
  SSLServerSocketFactory sockets() {
    try {
      KeyStore keys = KeyStore.getInstance("PKCS12");
      keys.load(null, null);
      keys.setKeyEntry(
          "server", bundle.getKeyPair().getPrivate(), new char[0], bundle.getCertificatePath());
      KeyManagerFactory managers =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      managers.init(keys, new char[0]);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(managers.getKeyManagers(), null, null);
      return context.getServerSocketFactory();
    } catch (GeneralSecurityException | IOException e) {
      throw new AssertionError("cannot use the certificate", e);
    }
  }

  /** Returns a client's side of TLS that trusts this certificate alone. */
  public SslContext clientContext() {
    try {
      return SslContextBuilder.forClient().trustManager(bundle.getCertificate()).build();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

package io.penstock.testkit;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.io.UncheckedIOException;
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
    try {
      return new TestCertificate(
          new CertificateBuilder()
              .subject("CN=localhost")
              .notBefore(now.minus(1, ChronoUnit.DAYS))
              .notAfter(now.plus(1, ChronoUnit.DAYS))
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
}

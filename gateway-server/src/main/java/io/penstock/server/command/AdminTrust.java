package io.penstock.server.command;

import io.penstock.server.config.TlsConfig;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Whom commands take for the gateway of their configuration: who has the key of the certificate
 * that stands there, by whatever name or address it is asked, for a command asks on the machine
 * itself; else whom any client would trust. Immutable.
 */
final class AdminTrust extends X509ExtendedTrustManager {
  private static final Pattern FIRST =
      Pattern.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", Pattern.DOTALL);

  private final X509ExtendedTrustManager others;
  private final @Nullable Certificate own;

  private AdminTrust(X509ExtendedTrustManager others, @Nullable Certificate own) {
    this.others = others;
    this.own = own;
  }

  /**
   * Says whom a connection is to trust. Blocks.
   *
   * @throws IOException when the certificate's file holds none; where this user may not read it,
   *     others are trusted alone
   */
  static void on(HttpsURLConnection connection, TlsConfig tls) throws IOException {
    try {
      AdminTrust trust = new AdminTrust(others(), own(tls));
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {trust}, null);
      connection.setSSLSocketFactory(context.getSocketFactory());
      // Asked where the name is not the certificate's.
      connection.setHostnameVerifier((host, session) -> trust.isOwn(session));
    } catch (GeneralSecurityException e) {
      throw new IOException("admin.tls: " + tls.certificate() + ": " + e.getMessage(), e);
    }
  }

  private static X509ExtendedTrustManager others() throws GeneralSecurityException {
    TrustManagerFactory trusted =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trusted.init((KeyStore) null);
    for (TrustManager each : trusted.getTrustManagers()) {
      if (each instanceof X509ExtendedTrustManager manager) {
        return manager;
      }
    }
    throw new GeneralSecurityException("this JVM trusts nobody");
  }

  private static @Nullable Certificate own(TlsConfig tls) throws IOException, CertificateException {
    if (!Files.isReadable(tls.certificate())) {
      return null;
    }
    String text = Files.readString(tls.certificate(), StandardCharsets.ISO_8859_1);
    Matcher first = FIRST.matcher(text);
    if (!first.find()) {
      throw new CertificateException("no certificate (expected: a PEM file)");
    }
    byte[] pem = first.group().getBytes(StandardCharsets.ISO_8859_1);
    return CertificateFactory.getInstance("X.509")
        .generateCertificate(new ByteArrayInputStream(pem));
  }

  private boolean isOwn(SSLSession session) {
    try {
      return session.getPeerCertificates()[0].equals(own);
    } catch (SSLPeerUnverifiedException e) {
      return false;
    }
  }

  private boolean isOwn(X509Certificate[] chain) {
    return chain.length > 0 && chain[0].equals(own);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    if (!isOwn(chain)) {
      others.checkServerTrusted(chain, type, socket);
    }
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    if (!isOwn(chain)) {
      others.checkServerTrusted(chain, type, engine);
    }
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
    if (!isOwn(chain)) {
      others.checkServerTrusted(chain, type);
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    others.checkClientTrusted(chain, type, socket);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    others.checkClientTrusted(chain, type, engine);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
    others.checkClientTrusted(chain, type);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return others.getAcceptedIssuers();
  }
}

package io.penstock.server.command;

import io.penstock.server.config.AdminConfig;
import io.penstock.server.config.TlsConfig;
import io.penstock.server.config.value.Secret;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import javax.net.ssl.HttpsURLConnection;
import org.jspecify.annotations.Nullable;

/**
 * Asks the running server on its admin port, for commands. Blocks; confined to its caller. The
 * connection is the JDK's plain one: a health check starts a process each time, and the larger
 * client has threads of its own.
 */
final class AdminClient {
  /** No server listens there. */
  static final class NoServerException extends IOException {
    private static final long serialVersionUID = 1;

    NoServerException(String address, ConnectException cause) {
      super(address + ": no server answers (start it with serve)", cause);
    }
  }

  /** What came back. */
  record Answer(int status, String body) {
    boolean isOk() {
      return status == 200;
    }
  }

  private final String address;
  private final String token;
  private final int timeoutMillis;
  private final @Nullable Trust trust;

  /** Says whom a connection is to trust. */
  private interface Trust {
    void on(HttpsURLConnection connection) throws IOException;
  }

  /**
   * Creates one without TLS.
   *
   * @param address such as {@code http://127.0.0.1:9091}
   * @param token "" for none
   * @param timeout of the connection, and of each wait for bytes
   */
  AdminClient(String address, String token, Duration timeout) {
    this(address, token, timeout, null);
  }

  private AdminClient(String address, String token, Duration timeout, @Nullable Trust trust) {
    this.trust = trust;
    this.address = address;
    this.token = token;
    this.timeoutMillis = Math.toIntExact(timeout.toMillis());
  }

  /** Creates one for a server of that configuration. */
  static AdminClient of(AdminConfig admin, Duration timeout) {
    Secret token = admin.token();
    TlsConfig tls = admin.tls();
    return new AdminClient(
        admin.reachable(),
        token == null ? "" : token.reveal(),
        timeout,
        tls == null ? null : connection -> AdminTrust.on(connection, tls));
  }

  /**
   * Creates one for a server that still has TLS, or still has none, other than that configuration.
   * It sends no token and trusts whoever answers: for what is no secret.
   */
  static AdminClient unlike(AdminConfig admin, Duration timeout) {
    String address = admin.reachable();
    return admin.tls() == null
        ? new AdminClient(address.replaceFirst("http", "https"), "", timeout, AnyTrust::on)
        : new AdminClient(address.replaceFirst("https", "http"), "", timeout, null);
  }

  String address() {
    return address;
  }

  /**
   * Asks.
   *
   * @throws NoServerException when none listens
   * @throws IOException when none answers in time
   */
  Answer get(String path) throws IOException {
    return read(open(path));
  }

  /**
   * Sends JSON.
   *
   * @throws NoServerException when none listens
   * @throws IOException when none answers in time
   */
  Answer post(String path, byte[] json) throws IOException {
    HttpURLConnection connection = open(path);
    connection.setRequestMethod("POST");
    connection.setDoOutput(true);
    connection.setRequestProperty("Content-Type", "application/json");
    try (OutputStream out = connection.getOutputStream()) {
      out.write(json);
    } catch (ConnectException e) {
      throw new NoServerException(address, e);
    }
    return read(connection);
  }

  private HttpURLConnection open(String path) throws IOException {
    HttpURLConnection connection =
        (HttpURLConnection) URI.create(address + path).toURL().openConnection();
    if (trust != null && connection instanceof HttpsURLConnection secure) {
      trust.on(secure);
    }
    connection.setConnectTimeout(timeoutMillis);
    connection.setReadTimeout(timeoutMillis);
    if (!token.isEmpty()) {
      connection.setRequestProperty("Authorization", "Bearer " + token);
    }
    return connection;
  }

  private Answer read(HttpURLConnection connection) throws IOException {
    int status;
    try {
      status = connection.getResponseCode();
    } catch (ConnectException e) {
      throw new NoServerException(address, e);
    }
    try (InputStream in =
        status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
      byte[] body = in == null ? new byte[0] : in.readAllBytes();
      return new Answer(status, new String(body, StandardCharsets.UTF_8));
    }
  }
}

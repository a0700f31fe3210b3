package io.penstock.server.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who may ask the admin port: 0 stands for anyone, else it is the status of the refusal. */
class AdminAccessTest {
  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "127.0.0.1:9091, -, 0",
        "127.8.8.8, -, 0",
        "LocalHost:9091, -, 0",
        "[::1]:9091, -, 0",
        "[::1], http://[::1], 0",
        "localhost:9091, http://localhost:9091, 0",
        "-, -, 403",
        "evil.example:9091, -, 403",
        "127.0.0.1.evil.example, -, 403",
        "evil.example:127.0.0.1, -, 403",
        "localhost:9091, http://evil.example, 403",
        "localhost:9091, http://localhost:3000, 403",
        "localhost:9091, https://localhost:9091, 403",
        "localhost:9091, null, 403",
      })
  void withoutToken_onlyThisMachineByItsOwnNames(String host, String origin, int status) {
    AdminAccess access = new AdminAccess("", true, false);
    HttpHeaders headers = new DefaultHttpHeaders();
    if (host != null) {
      headers.set("host", host);
    }
    if (origin != null) {
      headers.set("origin", origin);
    }
    assertThat(status(access, "/admin/v1/budgets/a/reset", headers)).isEqualTo(status);
    assertThat(status(access, "/metrics", headers)).isEqualTo(status);
    assertThat(status(access, "/readyz", headers)).as("tells nothing").isZero();
  }

  @ParameterizedTest
  @CsvSource({"https://localhost:9091, 0", "http://localhost:9091, 403"})
  void withTls_originIsThatOfThePort(String origin, int status) {
    HttpHeaders headers = new DefaultHttpHeaders().set("host", "localhost:9091");
    headers.set("origin", origin);
    assertThat(status(new AdminAccess("", true, true), "/admin/v1/budgets", headers))
        .isEqualTo(status);
  }

  @ParameterizedTest
  @CsvSource({
    "/admin/v1/spend, Bearer t0ken, 0",
    "/admin/v1/spend, bearer t0ken, 0",
    "/admin/v1/spend, BEARER t0ken, 0",
    "/admin/v1/spend, bearer T0ken, 401",
    "/admin/v1/spend, Bearer t0kem, 401",
    "/admin/v1/spend, t0ken, 401",
    "/metrics, none, 0",
    "/ui/app.js, none, 0",
    "/uix, none, 401",
    "/healthz, none, 0",
  })
  void withToken_whoSendsIt_fromAnywhere(String path, String sent, int status) {
    HttpHeaders headers =
        new DefaultHttpHeaders()
            .set("host", "penstock.internal:9091")
            .set("origin", "http://elsewhere.internal")
            .set("authorization", sent);
    assertThat(status(new AdminAccess("t0ken", true, false), path, headers)).isEqualTo(status);
    assertThat(status(new AdminAccess("t0ken", false, false), "/metrics", headers))
        .isEqualTo(sent.endsWith(" t0ken") ? 0 : 401);
  }

  private static int status(AdminAccess access, String path, HttpHeaders headers) {
    AdminReply refusal = access.refusal(path, headers);
    return refusal == null ? 0 : refusal.status();
  }
}

package io.penstock.server.ui;

import io.penstock.server.admin.AdminHandler;
import io.penstock.server.admin.AdminReply;
import io.penstock.server.admin.AdminRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * {@code /ui}: the page, its modules and its style. Everything else is a page not found. The policy
 * allows nothing inline and nothing from elsewhere.
 */
public final class UiFiles implements AdminHandler {
  /** The version is part of the path inside the WebJar; {@code pom.xml} names the same. */
  private static final String CHART_JS =
      "/META-INF/resources/webjars/chart.js/4.5.1/dist/chart.umd.min.js";

  private static final String CHART_PATH = "lib/chart-4.5.1.js";

  /** No slash and no second dot: a name can't leave the folder. */
  private static final Pattern NAME = Pattern.compile("[a-z-]{1,40}\\.(html|js|css|svg)");

  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
          + " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
          + " require-trusted-types-for 'script'; trusted-types 'none'";

  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "svg", "image/svg+xml");

  @Override
  public AdminReply handle(AdminRequest request) {
    String name = request.rest().isEmpty() ? "index.html" : request.rest();
    byte[] file =
        name.equals(CHART_PATH) ? read(CHART_JS) : NAME.matcher(name).matches() ? read(name) : null;
    if (file == null) {
      return AdminReply.error(404, "unknown_path", "The dashboard has no file " + name + ".");
    }
    String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
    Map<String, String> headers = new HashMap<>();
    headers.put("content-security-policy", POLICY);
    headers.put("x-frame-options", "DENY");
    headers.put("referrer-policy", "no-referrer");
    headers.put("cross-origin-opener-policy", "same-origin");
    // A library's path holds its version; ours change with the gateway.
    headers.put(
        "cache-control", name.equals(CHART_PATH) ? "max-age=31536000, immutable" : "no-cache");
    return new AdminReply(200, type == null ? "application/octet-stream" : type, file, headers);
  }

  private static byte @Nullable [] read(String resource) {
    try (InputStream in = UiFiles.class.getResourceAsStream(resource)) {
      return in == null ? null : in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

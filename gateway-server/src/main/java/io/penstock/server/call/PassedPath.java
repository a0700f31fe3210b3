package io.penstock.server.call;

import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;
import io.penstock.core.ServedPaths;
import io.penstock.core.identity.NameSet;
import io.penstock.core.identity.Principal;
import io.penstock.server.targets.ProviderRuntime;
import java.util.List;

/**
 * An entry of {@code passthrough}. Immutable.
 *
 * @param teams who may use it
 * @param methods with which; empty: any. Where GET is one, HEAD is too
 */
public record PassedPath(
    String path, ProviderRuntime provider, NameSet teams, List<String> methods) {
  /** Copies. */
  public PassedPath {
    methods = List.copyOf(methods);
  }

  static boolean isUnder(String entry, String path) {
    int end = entry.endsWith("/") ? entry.length() - 1 : entry.length();
    return path.startsWith(entry.substring(0, end))
        && (path.length() == end || path.charAt(end) == '/');
  }

  /** Returns a path as the provider gets it: that of the request, or without the prefix of it. */
  public static String sent(String entry, String path) {
    return isUnder(entry, path) ? path : ServedPaths.unprefixed(path);
  }

  /**
   * Refuses who may not use it.
   *
   * @throws GatewayException 403 or 405
   */
  void check(Principal principal, String method) {
    if (!teams.contains(principal.team())) {
      throw new GatewayException(
          ErrorCode.ROUTE_NOT_ALLOWED,
          "The path " + path + " is not allowed for the team of this key.");
    }
    boolean allowed =
        methods.isEmpty()
            || methods.contains(method)
            || (method.equals("HEAD") && methods.contains("GET"));
    if (!allowed) {
      String takes = String.join(", ", methods);
      throw GatewayException.notAllowed(
          "The path " + path + " takes " + takes + " here, and no other method.", takes);
    }
  }
}

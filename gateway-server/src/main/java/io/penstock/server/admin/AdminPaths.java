package io.penstock.server.admin;

import io.netty.handler.codec.http.HttpMethod;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The table of paths, methods and handlers. A name in braces stands for anything; of the paths that
 * fit, the one that says most counts. Filled before the port is bound, then only read.
 */
final class AdminPaths {
  private final TreeMap<String, Map<HttpMethod, AdminHandler>> table = new TreeMap<>();

  /**
   * What is served at a path.
   *
   * @param rest what the name in braces stands for, "" without one
   */
  record Found(Map<HttpMethod, AdminHandler> handlers, String rest) {
    /** Returns who answers, or null when the method is not allowed. */
    @Nullable AdminHandler handler(HttpMethod method) {
      return handlers.get(method.equals(HttpMethod.HEAD) ? HttpMethod.GET : method);
    }

    /** Returns the allowed methods, as the {@code allow} header has them. */
    String allowed() {
      return handlers.keySet().stream()
          .map(method -> method.equals(HttpMethod.GET) ? "GET, HEAD" : method.name())
          .collect(Collectors.joining(", "));
    }
  }

  void add(HttpMethod method, String path, AdminHandler handler) {
    table.computeIfAbsent(path, p -> new LinkedHashMap<>()).put(method, handler);
  }

  Set<String> all() {
    return table.keySet();
  }

  @Nullable Found find(String path) {
    Map<HttpMethod, AdminHandler> exact = table.get(path);
    if (exact != null) {
      return new Found(exact, "");
    }
    // From the end: what goes on behind the braces stands behind what does not.
    for (Map.Entry<String, Map<HttpMethod, AdminHandler>> entry :
        table.descendingMap().entrySet()) {
      String rest = rest(entry.getKey(), path);
      if (rest != null) {
        return new Found(entry.getValue(), rest);
      }
    }
    return null;
  }

  private static @Nullable String rest(String pattern, String path) {
    int open = pattern.indexOf('{');
    if (open < 0) {
      return null;
    }
    String after = pattern.substring(pattern.indexOf('}') + 1);
    boolean fits =
        path.length() >= open + after.length()
            && path.startsWith(pattern.substring(0, open))
            && path.endsWith(after);
    return fits ? path.substring(open, path.length() - after.length()) : null;
  }
}

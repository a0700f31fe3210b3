package io.penstock.server.call;

import io.penstock.core.Endpoint;
import io.penstock.core.GatewayException;
import io.penstock.core.ServedPaths;
import io.penstock.core.identity.Principal;
import io.penstock.core.price.PriceBook;
import io.penstock.core.route.Planner;
import io.penstock.core.route.RouteTable;
import io.penstock.server.client.RequestHead;
import io.penstock.server.config.Config;
import io.penstock.server.targets.Baselines;
import io.penstock.server.targets.ProviderRuntime;
import io.penstock.server.targets.Routing;
import io.penstock.server.targets.Targets;
import java.net.InetAddress;
import java.time.ZoneId;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Everything that one request needs of the configuration: immutable, built off the loops, read once
 * per request, so that a request never sees two configurations.
 *
 * @param version counts the configurations that were applied, from 1
 * @param identity keys and tokens
 * @param routes what clients may ask for
 * @param planner chooses among targets
 * @param cache when the exact layer of the cache is asked
 * @param semantic when its semantic layer is
 * @param baselines what savings are measured against
 * @param passthrough what is passed on, by path prefix; the longest that fits counts
 * @param budgetsRead the budgets of which a condition reads what was used
 */
public record Snapshot(
    long version,
    Config config,
    Identity identity,
    RouteTable routes,
    Planner planner,
    Targets targets,
    Routing routing,
    CacheRules cache,
    SemanticRules semantic,
    PriceBook prices,
    Baselines baselines,
    Map<String, ProviderRuntime> providers,
    Map<String, PassedPath> passthrough,
    Set<String> budgetsRead,
    Limits limits) {

  /** Limits of the process, in plain numbers. */
  public record Limits(int inflight, long body, long inflightBytes) {
    /**
     * Returns the limits as configured, but no more bytes of bodies than there is room for, where
     * each is held as it came and once more as it is sent on.
     *
     * @param memory what all bodies together may take, {@code BodyMemory}
     */
    public static Limits of(int inflight, long body, long inflightBytes, long memory) {
      return new Limits(inflight, body, Math.min(inflightBytes, memory / 2));
    }
  }

  /** Finds out who asks. Thread-safe, never blocks. */
  public interface Identity {
    /**
     * Returns who the presented key or token stands for.
     *
     * @throws GatewayException 401, or 403 for an address that is not allowed
     */
    public Principal identify(@Nullable String presented, @Nullable InetAddress remote);

    /** Returns whether a name is a secret of the configuration, or looks like somebody's key. */
    boolean isSecret(String text);
  }

  /**
   * Returns whether what is asked for as a model is a key, which behind a wildcard would be sent to
   * a provider. What is configured by that very name is a model.
   */
  public boolean isKey(String model) {
    RouteTable.Found route = routes.find(model);
    if (route != null && route.rest().isEmpty()) {
      return false;
    }
    return identity.isSecret(model) || (route != null && identity.isSecret(route.rest()));
  }

  /** Returns whether a text is a secret of the configuration, or looks like somebody's key. */
  public boolean isSecret(String text) {
    return identity.isSecret(text);
  }

  /**
   * Returns whether a name, or what a wildcard takes of it, has {@code .} or {@code ..} for a
   * segment: it becomes a part of upstream paths. What is configured by that very name is a model.
   */
  public boolean climbs(String model) {
    if (model.indexOf('.') < 0) {
      return false;
    }
    RouteTable.Found route = routes.find(model);
    if (route != null && route.rest().isEmpty()) {
      return false;
    }
    return hasDotSegment(model) || (route != null && hasDotSegment(route.rest()));
  }

  /** Returns whether a part between slashes, or backslashes, is {@code .} or {@code ..}. */
  private static boolean hasDotSegment(String name) {
    int from = 0;
    for (int i = 0; i <= name.length(); i++) {
      if (i == name.length() || name.charAt(i) == '/' || name.charAt(i) == '\\') {
        int length = i - from;
        if ((length == 1 || length == 2) && name.startsWith("..".substring(0, length), from)) {
          return true;
        }
        from = i + 1;
      }
    }
    return false;
  }

  ZoneId zone() {
    return config.timezone();
  }

  public Principal identify(@Nullable String presented, @Nullable InetAddress remote) {
    return identity.identify(presented, remote);
  }

  /**
   * Returns the surface of a pass-through path, or null when it is none, or served here.
   *
   * @throws GatewayException 400 for one that a provider may read as below another entry, which
   *     other teams may use with other methods
   */
  public @Nullable Surface passthrough(RequestHead head) {
    String entry = entry(head.path());
    if (entry.isEmpty() || ServedPaths.contains(head.path())) {
      return null;
    }
    String path = PassedPath.sent(entry, head.path());
    String read = longest(ServedPaths.normal(path), ServedPaths::normal);
    if (!read.equals(entry)) {
      throw GatewayException.invalid(
          null,
          "The path may be read as one below "
              + (read.isEmpty() ? "none that is passed on" : read)
              + ", and is written as one below "
              + entry
              + ". Write it plainly, without escapes, empty segments and backslashes.");
    }
    return Surface.of(Endpoint.PASSTHROUGH, Endpoint.PASSTHROUGH.dialect(), entry);
  }

  /**
   * Returns the entry of a path, "" when there is none. One that reaches into a prefix of the
   * gateway means the provider's own path: Azure's begin with {@code /openai}. Else what clients
   * ask under such a prefix is below the entry of the path without it.
   */
  private String entry(String path) {
    String asItIs = longest(path, prefix -> prefix);
    String without = longest(ServedPaths.unprefixed(path), prefix -> prefix);
    return asItIs.length() > 1 || without.length() <= asItIs.length() ? asItIs : without;
  }

  /** Returns the longest entry above a path, "" when there is none. */
  private String longest(String path, UnaryOperator<String> as) {
    String entry = "";
    for (String prefix : passthrough.keySet()) {
      if (prefix.length() > entry.length() && PassedPath.isUnder(as.apply(prefix), path)) {
        entry = prefix;
      }
    }
    return entry;
  }

  /**
   * Refuses who may not use a path that is passed on.
   *
   * @throws GatewayException 403 or 405
   */
  public void mayPass(Surface surface, Principal principal, String method) {
    PassedPath entry =
        surface.endpoint() == Endpoint.PASSTHROUGH ? passthrough.get(surface.rest()) : null;
    if (entry != null) {
      entry.check(principal, method);
    }
  }

  /** Returns the name under {@code models}: what a client made up must not become a dimension. */
  public static String patternOf(RouteTable.Found route) {
    String name = route.name();
    return route.rest().isEmpty()
        ? name
        : name.substring(0, name.length() - route.rest().length()) + "*";
  }
}

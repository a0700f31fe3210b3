package io.penstock.server.call;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.Endpoint;
import io.penstock.core.GatewayException;
import io.penstock.core.identity.Principal;
import io.penstock.core.price.PriceBook;
import io.penstock.ledger.Cause;
import io.penstock.server.client.RequestHead;
import io.penstock.server.config.Config;
import java.net.InetAddress;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Everything that one request needs of the configuration: immutable, built off the loops, read once
 * per request, so that a request never sees two configurations.
 *
 * @param version counts the configurations that were applied, from 1
 * @param identity keys and tokens
 * @param models what clients may ask for
 * @param passthrough provider by path prefix
 */
public record Snapshot(
    long version,
    Config config,
    Identity identity,
    ModelTable models,
    PriceBook prices,
    Map<String, ProviderRuntime> providers,
    Map<String, ProviderRuntime> passthrough,
    Limits limits) {

  /** Limits of the process, in plain numbers. */
  public record Limits(int inflight, long body, long inflightBytes) {}

  /** Finds out who asks. Thread-safe, never blocks. */
  @FunctionalInterface
  public interface Identity {
    /**
     * Returns who the presented key or token stands for.
     *
     * @throws GatewayException 401, or 403 for an address that is not allowed
     */
    Principal identify(@Nullable String presented, @Nullable InetAddress remote);
  }

  ZoneId zone() {
    return config.timezone();
  }

  Principal identify(@Nullable String presented, @Nullable InetAddress remote) {
    return identity.identify(presented, remote);
  }

  /** Returns the surface of a pass-through path, or null when the path is none. */
  @Nullable Surface passthrough(RequestHead head) {
    if (passthrough.isEmpty()) {
      return null;
    }
    for (String prefix : passthrough.keySet()) {
      String path = head.path();
      if (path.startsWith(prefix)
          && (path.length() == prefix.length() || path.charAt(prefix.length()) == '/')) {
        return Surface.of(Endpoint.PASSTHROUGH, Endpoint.PASSTHROUGH.dialect(), prefix);
      }
    }
    return null;
  }

  /**
   * Starts the attempts of a call that passed the filters.
   *
   * @throws GatewayException when no target can be tried
   */
  void forward(Call call, Engine engine) {
    ModelTable.Route route = models.find(call.model());
    if (route == null) {
      throw Refusals.unknownModel(call.model(), models.names());
    }
    call.route(route.name());
    List<TargetRuntime> fit = new ArrayList<>(route.targets().size());
    List<String> unfit = new ArrayList<>();
    List<String> unpriced = new ArrayList<>();
    for (TargetRuntime target : route.targets()) {
      if (!target.provider().provider().serves(call.surface().endpoint())) {
        unfit.add(target.label());
      } else if (!target.price().isPriced()) {
        unpriced.add(target.label());
      } else {
        fit.add(target);
      }
    }
    if (fit.isEmpty() && !unpriced.isEmpty()) {
      throw Refusals.notPriced(unpriced);
    }
    if (fit.isEmpty() && !unfit.isEmpty()) {
      throw Refusals.notServed(call.surface().endpoint().label(), unfit);
    }
    new Attempts(call, engine, fit, route.holdMillis()).next(Cause.REQUEST);
  }

  /** Parameters that a route fixes or adds, as JSON. */
  public record Parameters(Map<String, JsonNode> set, Map<String, JsonNode> defaults) {
    /** None. */
    public static final Parameters NONE = new Parameters(Map.of(), Map.of());
  }
}

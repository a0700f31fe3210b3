package io.penstock.server.admin.route;

import io.penstock.core.price.PricedModel;
import io.penstock.core.route.HealthBoard;
import io.penstock.core.route.RouteTable;
import io.penstock.server.admin.AdminHandler;
import io.penstock.server.admin.AdminReply;
import io.penstock.server.admin.AdminRequest;
import io.penstock.server.call.Snapshot;
import io.penstock.server.call.serve.Shared;
import io.penstock.server.targets.PriceTags;
import io.penstock.server.targets.TargetRuntime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * {@code GET /admin/v1/models}: what each name may be answered by, what it costs now, and how it
 * does. Thread-safe.
 */
final class ModelsRoute implements AdminHandler {
  private final Shared shared;

  ModelsRoute(Shared shared) {
    this.shared = shared;
  }

  @Override
  public AdminReply handle(AdminRequest request) {
    Snapshot now = shared.snapshot().get();
    long millis = shared.ticker().epochMillis();
    List<Object> models =
        new TreeSet<>(now.routes().names())
            .stream().<Object>map(name -> model(now, name, millis)).toList();
    return AdminReply.json(Map.of("models", models));
  }

  private Map<String, Object> model(Snapshot now, String name, long millis) {
    RouteTable.Found route = Objects.requireNonNull(now.routes().find(name));
    List<Map<String, @Nullable Object>> targets =
        now.targets().reachable(now.routes(), route).stream()
            .map(target -> target(target, millis))
            .toList();
    return Map.of("model", name, "targets", targets);
  }

  private Map<String, @Nullable Object> target(TargetRuntime target, long millis) {
    HealthBoard health = shared.routing().health();
    PricedModel price = target.price();
    String unavailable = health.unavailable(target.label());
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("target", target.label());
    json.put("health", unavailable == null ? "ok" : unavailable);
    json.put("first_token_ms", health.firstToken(target.label()) / 1e6);
    json.put("priced", price.isPriced());
    json.put("checked", String.valueOf(price.checked()));
    json.put("stale", price.isStale(millis));
    PriceTags.each(price, millis, json::put);
    return json;
  }
}

package io.penstock.server.admin.route;

import io.penstock.core.Ticker;
import io.penstock.server.admin.AdminHandler;
import io.penstock.server.admin.AdminReply;
import io.penstock.server.admin.AdminRequest;
import io.penstock.server.call.Snapshot;
import io.penstock.server.config.Config;
import io.penstock.server.config.KeyConfig;
import io.penstock.server.config.TeamConfig;
import io.penstock.server.snapshot.KeyIdentity;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * {@code /admin/v1/keys}: whose keys there are and what they may do, {@code ?team=} for one team's.
 * Neither secrets nor hashes. Thread-safe.
 */
final class KeysRoute implements AdminHandler {
  private final AtomicReference<Snapshot> snapshot;
  private final Ticker ticker;

  KeysRoute(AtomicReference<Snapshot> snapshot, Ticker ticker) {
    this.snapshot = snapshot;
    this.ticker = ticker;
  }

  @Override
  public AdminReply handle(AdminRequest request) {
    Config config = snapshot.get().config();
    String team = request.parameter("team");
    List<Map<String, @Nullable Object>> keys =
        config.keys().stream()
            .filter(key -> team == null || team.equals(key.team()))
            .map(key -> json(key, config.teams().get(key.team())))
            .toList();
    return AdminReply.json(Map.of("keys", keys));
  }

  private Map<String, @Nullable Object> json(KeyConfig key, @Nullable TeamConfig team) {
    Instant expires = key.expires();
    boolean expired = expires != null && expires.toEpochMilli() <= ticker.epochMillis();
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("id", key.id());
    json.put("team", key.team());
    json.put("app", key.app());
    json.put("user", key.user());
    json.put("state", key.disabled() ? "disabled" : expired ? "expired" : "active");
    json.put("expires", expires == null ? null : expires.toString());
    json.put("secrets", key.sha256().size());
    if (team != null) {
      json.put("models", key.models() == null ? team.models() : key.models());
      json.put("require", KeyIdentity.join(team.require(), key.require()));
      json.put("deny", KeyIdentity.join(team.deny(), key.deny()));
      json.put("metadata", KeyIdentity.metadata(key, team));
    }
    json.put("routes", key.routes());
    json.put("allow_from", key.allowFrom().stream().map(Object::toString).toList());
    return json;
  }
}

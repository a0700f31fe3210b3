package io.penstock.server;

import io.penstock.server.config.Config;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The sections that are read at the start only: ports and stores. All others take effect. */
final class FixedSections {
  private FixedSections() {}

  /** Returns the names of those that differ. */
  static List<String> changed(Config from, Config to) {
    List<String> changed = new ArrayList<>();
    add(changed, "listen", from.listen(), to.listen());
    add(changed, "tls", from.tls(), to.tls());
    add(changed, "admin.listen", from.admin().listen(), to.admin().listen());
    add(changed, "admin.tls", from.admin().tls(), to.admin().tls());
    add(changed, "transport", from.transport(), to.transport());
    add(changed, "loops", from.loops(), to.loops());
    add(changed, "proxy_protocol", from.proxyProtocol(), to.proxyProtocol());
    add(changed, "state", from.state(), to.state());
    add(changed, "cache.redis", from.cache().redis(), to.cache().redis());
    add(changed, "ledger", from.ledger(), to.ledger());
    add(changed, "telemetry", from.telemetry(), to.telemetry());
    return changed;
  }

  private static void add(
      List<String> changed,
      String name,
      @org.jspecify.annotations.Nullable Object from,
      @org.jspecify.annotations.Nullable Object to) {
    if (!Objects.equals(from, to)) {
      changed.add(name);
    }
  }
}

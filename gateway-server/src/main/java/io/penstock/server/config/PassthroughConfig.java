package io.penstock.server.config;

import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.schema.Shorthand;
import io.penstock.server.config.value.InvalidValue;
import java.util.List;

/** A path that is forwarded as it is. */
@Shorthand("provider")
public record PassthroughConfig(
    @Setting("Which provider.") String provider,
    @Setting("The teams whose keys may use it; all when left out, or `*`.") List<String> teams,
    @Setting("The HTTP methods that it takes; all when left out. GET includes HEAD.")
        List<String> methods) {
  private static final List<String> METHODS =
      List.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

  /** Checks the methods. */
  public PassthroughConfig {
    teams = List.copyOf(teams);
    methods = List.copyOf(methods);
    for (String method : methods) {
      if (!METHODS.contains(method)) {
        throw new InvalidValue("methods", method, "HTTP methods: " + String.join(", ", METHODS));
      }
    }
  }
}

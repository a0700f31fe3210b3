package io.penstock.server.config;

import io.penstock.server.config.schema.RecordShape;
import io.penstock.server.config.schema.ValueType;
import io.penstock.server.config.value.Secret;
import io.penstock.server.config.value.SecretUrl;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The secrets of a configuration, for the one place that must find them in other texts. */
public final class KnownSecrets {
  private KnownSecrets() {}

  /** Returns every secret, wherever it is. */
  public static List<String> of(Config config) {
    List<String> secrets = new ArrayList<>();
    collect(config, secrets);
    return secrets;
  }

  private static void collect(@Nullable Object value, List<String> into) {
    switch (value) {
      case null -> {}
      case Secret secret -> into.add(secret.reveal());
      case SecretUrl url -> into.add(url.reveal());
      case List<?> list -> list.forEach(item -> collect(item, into));
      case Map<?, ?> map -> map.values().forEach(item -> collect(item, into));
      case Record section
          when ValueType.of(section.getClass()) == null && !EffectiveConfig.isValue(section) ->
          RecordShape.of(section.getClass())
              .keys()
              .values()
              .forEach(key -> collect(RecordShape.read(key, section), into));
      default -> {}
    }
  }
}

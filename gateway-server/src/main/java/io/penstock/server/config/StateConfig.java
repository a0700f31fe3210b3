package io.penstock.server.config;

import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Rule;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.value.InvalidValue;
import io.penstock.server.config.value.Secret;
import io.penstock.server.config.value.SecretUrl;
import io.penstock.server.config.value.Word;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The Redis that replicas share. A change needs a restart. */
public record StateConfig(
    @Setting(
            value = "redis:// rediss:// or redis-sentinel://, or a list of a cluster's nodes.",
            oneOrMany = true,
            rule = Rule.REDIS)
        List<SecretUrl> redis,
    @Setting("The prefix of every key.") @Default("penstock") String namespace,
    @Setting("What budgets do while the store is away.") @Default("share") Word.Outage onOutage,
    @Setting("Encrypts cache entries.") @Nullable Secret secret) {

  /** Checks that there is a store. */
  public StateConfig {
    redis = List.copyOf(redis);
    if (redis.isEmpty()) {
      throw new InvalidValue("redis", "[]", "at least one address such as redis://host:6379");
    }
  }
}

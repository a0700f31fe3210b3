package io.penstock.cache;

import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import org.jspecify.annotations.Nullable;

/** A connection to Redis that may be away. Thread-safe; never blocks. */
@FunctionalInterface
public interface RedisLink {
  /** Returns the commands of the connection there is now, or null while there is none. */
  @Nullable RedisClusterAsyncCommands<byte[], byte[]> commands();

  /** Tells that the connection was silent for too long: a link that can makes a new one. */
  default void silent() {}
}

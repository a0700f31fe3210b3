package io.penstock.server.call.serve;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.lettuce.core.SetArgs;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.penstock.cache.RedisLink;
import io.penstock.core.identity.Principal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Whose the responses are that providers keep, and their items, and at which provider each is: all
 * callers share the providers' accounts, so an id alone must not open a conversation. Known as long
 * as OpenAI keeps them, in this process and, where replicas share a Redis, in all of them.
 * Thread-safe.
 */
public final class StoredResponses {
  /** OpenAI keeps a response for 30 days. */
  private static final Duration KEPT = Duration.ofDays(30);

  private static final int MAX_KNOWN = 200_000;
  private static final char SEPARATOR = '\n';

  private final Cache<String, Owner> known =
      Caffeine.newBuilder().maximumSize(MAX_KNOWN).expireAfterWrite(KEPT).build();
  private final RedisLink redis;
  private final String prefix;

  /**
   * Creates it.
   *
   * @param redis has no commands where replicas share nothing
   * @param namespace what keys in Redis begin with
   */
  public StoredResponses(RedisLink redis, String namespace) {
    this.redis = redis;
    this.prefix = namespace + ":response:";
  }

  /** Who may come back, and the provider that keeps it. */
  public record Owner(String team, String user, String provider) {
    public boolean is(Principal principal) {
      return team.equals(principal.team()) && user.equals(principal.user());
    }
  }

  /**
   * Notes who asked for a response.
   *
   * @param id of it or of an item of its output
   */
  void note(String id, Principal principal, String provider) {
    Owner owner = new Owner(principal.team(), principal.user(), provider);
    known.put(id, owner);
    RedisClusterAsyncCommands<byte[], byte[]> commands = redis.commands();
    if (commands != null) {
      String text = owner.team + SEPARATOR + owner.user + SEPARATOR + owner.provider;
      commands.set(key(id), utf8(text), SetArgs.Builder.ex(KEPT));
    }
  }

  /** Completes with the owner of a response or item, empty when it is not known; never fails. */
  public CompletionStage<Optional<Owner>> find(String id) {
    Owner here = known.getIfPresent(id);
    RedisClusterAsyncCommands<byte[], byte[]> commands = here == null ? redis.commands() : null;
    if (commands == null) {
      return CompletableFuture.completedFuture(Optional.ofNullable(here));
    }
    return commands
        .get(key(id))
        .handle((text, failed) -> Optional.ofNullable(failed == null ? parse(id, text) : null));
  }

  private @Nullable Owner parse(String id, byte @Nullable [] text) {
    String[] parts =
        text == null ? new String[0] : new String(text, StandardCharsets.UTF_8).split("\n", -1);
    if (parts.length != 3) {
      return null;
    }
    Owner owner = new Owner(parts[0], parts[1], parts[2]);
    known.put(id, owner);
    return owner;
  }

  private byte[] key(String id) {
    return utf8(prefix + id);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}

package io.penstock.server.snapshot;

import io.penstock.core.Ticker;
import io.penstock.core.identity.KeyRing;
import io.penstock.core.identity.KeyShape;
import io.penstock.core.identity.NameSet;
import io.penstock.core.identity.Principal;
import io.penstock.core.identity.RefusedCredential;
import io.penstock.server.call.Snapshot;
import io.penstock.server.config.Config;
import io.penstock.server.config.KeyConfig;
import io.penstock.server.config.KnownSecrets;
import io.penstock.server.config.ProviderConfig;
import io.penstock.server.config.TeamConfig;
import io.penstock.server.config.value.SecretHeader;
import io.penstock.server.config.value.Sha256;
import io.penstock.server.identity.Tokens;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Who a key or a token stands for. Thread-safe. */
public final class KeyIdentity implements Snapshot.Identity {
  /** Shorter secrets are words that local servers are given, and models are called by them, too. */
  private static final int SHORTEST_SECRET = 8;

  private final KeyRing ring;

  /** Looked at only to say why one of these was refused. */
  private final KeyRing disabled;

  private final Set<String> secrets;
  private final Ticker ticker;

  private final Tokens tokens;

  private KeyIdentity(
      KeyRing ring, KeyRing disabled, Set<String> secrets, Tokens tokens, Ticker ticker) {
    this.ring = ring;
    this.disabled = disabled;
    this.secrets = secrets;
    this.tokens = tokens;
    this.ticker = ticker;
  }

  /**
   * Returns who the keys of a configuration stand for.
   *
   * @param tokens answers for what is no key
   * @param ticker says which have expired
   */
  public static KeyIdentity of(Config config, Tokens tokens, Ticker ticker) {
    KeyRing.Builder ring = KeyRing.builder();
    KeyRing.Builder disabled = KeyRing.builder();
    Map<String, NameSet> teamModels = new HashMap<>();
    for (KeyConfig key : config.keys()) {
      TeamConfig team = config.teams().get(key.team());
      if (team == null) {
        continue;
      }
      NameSet models =
          key.models() == null
              ? teamModels.computeIfAbsent(key.team(), name -> NameSet.of(team.models()))
              : NameSet.of(key.models());
      Principal principal = principal(key, team, models);
      for (Sha256 hash : key.sha256()) {
        (key.disabled() ? disabled : ring).add(hash.hex(), principal);
      }
    }
    return new KeyIdentity(ring.build(), disabled.build(), secrets(config), tokens, ticker);
  }

  /** Returns the SHA-256 of all that must not be told: of keys that are disabled or expired too. */
  private static Set<String> secrets(Config config) {
    Set<String> digests = new HashSet<>();
    for (KeyConfig key : config.keys()) {
      key.sha256().forEach(hash -> digests.add(hash.hex()));
    }
    for (String secret : KnownSecrets.of(config)) {
      if (secret.length() >= SHORTEST_SECRET) {
        digests.add(KeyRing.hash(secret));
      }
    }
    for (ProviderConfig provider : config.providers().values()) {
      provider
          .headers()
          .forEach((name, value) -> {
            // Such as the name of a deployment, which is a model's too.
            if (!SecretHeader.is(name)) {
              digests.remove(KeyRing.hash(value.reveal()));
            }
          });
    }
    return Set.copyOf(digests);
  }

  /** Returns who the key with that id stands for, or null when it is unknown or disabled. */
  public static @Nullable Principal named(Config config, String id) {
    for (KeyConfig key : config.keys()) {
      TeamConfig team = config.teams().get(key.team());
      if (key.id().equals(id) && !key.disabled() && team != null) {
        List<String> models = key.models();
        return principal(key, team, NameSet.of(models == null ? team.models() : models));
      }
    }
    return null;
  }

  private static Principal principal(KeyConfig key, TeamConfig team, NameSet models) {
    return new Principal(
        key.id(),
        key.team(),
        key.app() == null ? "" : key.app(),
        key.user() == null ? "" : key.user(),
        metadata(key, team),
        join(team.require(), key.require()),
        models,
        NameSet.of(key.routes()),
        join(team.deny(), key.deny()),
        key.allowFrom(),
        key.expires() == null ? Long.MAX_VALUE : key.expires().toEpochMilli());
  }

  /** Returns what team and key fix; the key's own counts where both do. */
  public static Map<String, String> metadata(KeyConfig key, TeamConfig team) {
    Map<String, String> metadata = new HashMap<>(team.metadata());
    metadata.putAll(key.metadata());
    return metadata;
  }

  /** Returns the names of both, each once, in their order. */
  public static List<String> join(List<String> one, List<String> two) {
    List<String> all = new ArrayList<>(one);
    two.stream().filter(name -> !one.contains(name)).forEach(all::add);
    return all;
  }

  @Override
  public Principal identify(@Nullable String presented, @Nullable InetAddress remote) {
    if (presented == null) {
      throw RefusedCredential.because("key_missing");
    }
    Principal principal = find(presented);
    if (!principal.mayComeFrom(remote)) {
      throw RefusedCredential.elsewhere(principal);
    }
    return principal;
  }

  @Override
  public boolean isSecret(String text) {
    return KeyShape.isIn(text) || secrets.contains(KeyRing.hash(text));
  }

  private Principal find(String presented) {
    if (tokens.mayBe(presented)) {
      return tokens.find(presented);
    }
    Principal principal = ring.find(presented, ticker);
    if (principal == null) {
      throw refused(presented);
    }
    return principal;
  }

  /** Whoever has the secret had the key: the record may say whose it was. */
  private RefusedCredential refused(String presented) {
    Principal off = disabled.evenExpired(presented);
    if (off != null) {
      return RefusedCredential.of("key_disabled", off.key(), off.team());
    }
    Principal expired = ring.evenExpired(presented);
    return expired == null
        ? RefusedCredential.because("key_unknown")
        : RefusedCredential.of("key_expired", expired.key(), expired.team());
  }
}

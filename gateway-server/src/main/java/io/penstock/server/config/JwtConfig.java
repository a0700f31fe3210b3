package io.penstock.server.config;

import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Meaning;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.value.InvalidValue;
import io.penstock.server.config.value.Values;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** A token issuer. */
public record JwtConfig(
    @Setting("The `iss` that tokens must carry.") String issuer,
    @Setting(value = "The `aud` that tokens must carry one of.", oneOrMany = true)
        List<String> audience,
    @Setting("Where its keys are.") URI jwks,
    @Setting("Signature algorithms that are accepted.")
        @Default("[RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA]")
        List<String> algorithms,
    @Setting("How far clocks may differ.") @Default("60s") Duration leeway,
    @Setting(value = "How often the keys are fetched again.", positive = true) @Default("10m")
        Duration refresh,
    @Setting("Which claim is what.") ClaimsConfig claims,
    @Setting(value = "The team of tokens whose claim names none.", meaning = Meaning.TEAM)
        @Nullable String team,
    @Setting(value = "Models that X-Penstock-Route may name.", meaning = Meaning.MODEL_NAMES)
        List<String> routes) {

  private static final Set<String> SAFE =
      Set.of(
          "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA");

  /** Checks audience and algorithms. */
  public JwtConfig {
    audience = List.copyOf(audience);
    algorithms = List.copyOf(algorithms);
    routes = List.copyOf(routes);
    if (audience.isEmpty()) {
      throw new InvalidValue("audience", "[]", "who the tokens are for");
    }
    for (String algorithm : algorithms) {
      if (!SAFE.contains(algorithm)) {
        throw new InvalidValue(
            "algorithms",
            algorithm,
            "an asymmetric one: " + String.join(", ", new TreeSet<>(SAFE)));
      }
    }
  }

  /**
   * Claims by what they mean. A path is a claim's name, with {@code .name} into an object and
   * {@code [0]} into a list.
   */
  public record ClaimsConfig(
      @Setting("The person.") @Default("sub") String user,
      @Setting("The team.") @Nullable String team,
      @Setting("The application.") @Nullable String app,
      @Setting("Dimensions, each from a claim.") Map<String, String> metadata) {

    /** Copies. */
    public ClaimsConfig {
      metadata = Values.copy(metadata);
    }
  }
}

package io.penstock.server.identity;

import io.penstock.core.Ticker;
import io.penstock.server.config.Config;
import io.penstock.server.config.JwtConfig;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The issuers' keys, across configurations: an address that stays keeps what was fetched. Confined
 * to the thread that applies configurations.
 */
public final class TokenIssuers implements AutoCloseable {
  private record Place(URI jwks, Duration refresh) {}

  private final Ticker ticker;
  private Map<Place, KeySource> sources = Map.of();

  /** Creates the keeper; nothing is fetched before there is an issuer. */
  public TokenIssuers(Ticker ticker) {
    this.ticker = ticker;
  }

  /**
   * Returns what this configuration's tokens mean. Keys are fetched meanwhile: an issuer that is
   * away stops nothing, its tokens are refused until it answers.
   */
  public Tokens apply(Config config) {
    Map<Place, KeySource> next = new HashMap<>();
    List<Issuer> issuers = new ArrayList<>();
    for (JwtConfig jwt : config.jwt()) {
      Place place = new Place(jwt.jwks(), jwt.refresh());
      KeySource known = sources.get(place);
      KeySource source =
          next.computeIfAbsent(
              place, p -> known != null ? known : new KeySource(p.jwks(), p.refresh(), ticker));
      issuers.add(new Issuer(jwt, config.teams(), source));
    }
    sources.forEach((place, source) -> {
      if (!next.containsKey(place)) {
        source.close();
      }
    });
    sources = next;
    return new Tokens(issuers, ticker);
  }

  @Override
  public void close() {
    sources.values().forEach(KeySource::close);
    sources = Map.of();
  }
}

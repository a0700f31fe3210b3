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
  private Map<Place, KeySource> pending = Map.of();

  /** Creates the keeper; nothing is fetched before there is an issuer. */
  public TokenIssuers(Ticker ticker) {
    this.ticker = ticker;
  }

  /**
   * Returns what this configuration's tokens mean; nothing begins or ends before {@link
   * #applied()}. An issuer that is away stops nothing, its tokens are refused until it answers.
   */
  public Tokens make(Config config) {
    // Those of an edit that was refused.
    closeAllBut(sources, pending);
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
    pending = next;
    return new Tokens(issuers, ticker);
  }

  /**
   * Says that what was made last is in use: its keys are fetched from now on, those of issuers that
   * are gone no more.
   */
  public void applied() {
    Map<Place, KeySource> before = sources;
    sources = pending;
    sources.forEach((place, source) -> {
      if (!before.containsKey(place)) {
        source.start();
      }
    });
    closeAllBut(sources, before);
  }

  private static void closeAllBut(Map<Place, KeySource> kept, Map<Place, KeySource> all) {
    all.forEach((place, source) -> {
      if (!kept.containsKey(place)) {
        source.close();
      }
    });
  }

  @Override
  public void close() {
    closeAllBut(Map.of(), pending);
    closeAllBut(Map.of(), sources);
  }
}

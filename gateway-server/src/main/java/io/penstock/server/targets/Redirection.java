package io.penstock.server.targets;

import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.price.PricedModel;
import io.penstock.core.route.RouteTable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a budget may send a call instead of refusing it: to a model that answers alike. Stateless.
 */
public final class Redirection {
  private Redirection() {}

  /** A model of a provider, as far as it tells what it writes. */
  public record Writer(PricedModel price, Dialect dialect) {}

  /**
   * Returns the route of the model that a budget names.
   *
   * @param endpoint what was asked
   * @return null when there is no such route, when the endpoint does not ask for text, or when the
   *     catalogue knows that nobody on the route writes any
   */
  public static RouteTable.@Nullable Found of(
      Endpoint endpoint, RouteTable routes, String model, Targets.Finder<Writer> writers) {
    RouteTable.Found route = endpoint.isText() ? routes.find(model) : null;
    if (route == null) {
      return null;
    }
    return fits(Targets.reachable(routes, route, writers)) ? route : null;
  }

  /** Returns whether any of them may write text; nobody at all is not known to write none. */
  static boolean fits(List<Writer> targets) {
    return targets.isEmpty() || targets.stream().anyMatch(Redirection::writesText);
  }

  /** Whether it may: what the catalogue does not know counts as such. */
  private static boolean writesText(Writer target) {
    return switch (target.price().kind()) {
      case "embedding", "rerank", "transcription", "moderation", "ocr", "realtime" -> false;
      // Google's speak by the same endpoint as they write.
      case "image", "speech" ->
          target.dialect() == Dialect.GEMINI || target.dialect() == Dialect.VERTEX;
      default -> true;
    };
  }
}

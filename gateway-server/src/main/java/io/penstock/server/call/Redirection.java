package io.penstock.server.call;

import io.penstock.core.Dialect;
import io.penstock.core.route.RouteTable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a budget may send a call instead of refusing it: to a model that answers alike. Stateless.
 */
final class Redirection {
  private Redirection() {}

  /**
   * Returns the route of the model that a budget names; null when there is none, when the call does
   * not ask for text, or when the catalogue knows that nobody on the route writes any.
   */
  static RouteTable.@Nullable Found of(Call call, String model) {
    if (!call.surface().endpoint().isText()) {
      return null;
    }
    RouteTable routes = call.snapshot().routes();
    RouteTable.Found route = routes.find(model);
    if (route == null) {
      return null;
    }
    List<TargetRuntime> targets = call.snapshot().targets().reachable(routes, route);
    boolean fits = targets.isEmpty() || targets.stream().anyMatch(Redirection::writesText);
    return fits ? route : null;
  }

  /** Whether it may: what the catalogue does not know counts as such. */
  private static boolean writesText(TargetRuntime target) {
    return switch (target.price().kind()) {
      case "embedding", "rerank", "transcription", "moderation", "ocr", "realtime" -> false;
      // Google's speak by the same endpoint as they write.
      case "image", "speech" ->
          target.target().dialect() == Dialect.GEMINI
              || target.target().dialect() == Dialect.VERTEX;
      default -> true;
    };
  }
}

package io.penstock.providers.translate;

import io.penstock.core.GatewayException;
import io.penstock.providers.ProviderCall;
import java.util.ArrayList;
import java.util.List;

/** What the target cannot take: refused by name, or dropped and listed when the route says so. */
final class Fit {
  private final String target;
  private final boolean drop;
  private final List<String> dropped = new ArrayList<>(2);

  Fit(ProviderCall call) {
    this.target =
        "provider \"" + call.target().provider() + "\" (" + call.target().dialect().label() + ")";
    this.drop = call.dropUnsupported();
  }

  /**
   * Drops a field when the route allows it.
   *
   * @param why what the target takes instead, as the end of a sentence
   * @throws GatewayException 400 when the route does not allow it
   */
  void unsupported(String param, String why) {
    if (!drop) {
      throw refusal(param, why);
    }
    dropped(param);
  }

  /** Lists a field that is left out without harm. */
  void dropped(String param) {
    if (!dropped.contains(param)) {
      dropped.add(param);
    }
  }

  /** Returns the 400 for what cannot be left out without changing what was asked. */
  GatewayException refusal(String param, String why) {
    return GatewayException.unsupported(
        param, "\"" + param + "\" cannot be sent to " + target + ": " + why + ".");
  }

  List<String> droppedParams() {
    return dropped;
  }
}

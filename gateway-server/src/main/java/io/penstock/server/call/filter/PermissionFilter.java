package io.penstock.server.call.filter;

import io.penstock.core.Endpoint;
import io.penstock.core.ErrorCode;
import io.penstock.core.Filter;
import io.penstock.core.GatewayException;
import io.penstock.core.Step;
import io.penstock.core.body.RequestBody;
import io.penstock.core.identity.Principal;
import io.penstock.server.call.Call;
import io.penstock.server.call.RequestHeaders;
import io.penstock.server.call.reply.Refusals;

/** May this key ask for this model, with these parameters? */
final class PermissionFilter implements Filter<Call> {
  @Override
  public Step apply(Call call) {
    Endpoint endpoint = call.surface().endpoint();
    if (endpoint.isOwn()) {
      return Step.next();
    }
    Principal principal = call.principal();
    boolean named = endpoint != Endpoint.PASSTHROUGH && endpoint != Endpoint.STORED_RESPONSE;
    if (named && !principal.mayAsk(call.model())) {
      throw Refusals.modelNotAllowed(call.model(), principal);
    }
    call.destination().named(named ? routeHeader(call) : "");
    RequestBody body = call.body();
    if (body != null) {
      for (String denied : principal.deny()) {
        if (body.has(denied)) {
          throw new GatewayException(
              ErrorCode.PARAMETER_NOT_ALLOWED,
              "The parameter \"" + denied + "\" is not allowed for this key.",
              denied,
              GatewayException.NO_RETRY_AFTER);
        }
      }
    }
    return Step.next();
  }

  /** Returns the model that {@code X-Penstock-Route} names, "" without the header. */
  private static String routeHeader(Call call) {
    String wanted = call.headers().get(RequestHeaders.ROUTE, "").strip();
    if (wanted.isEmpty()) {
      return "";
    }
    if (!call.principal().routes().contains(wanted)) {
      throw Refusals.routeNotAllowed(wanted, call.principal());
    }
    if (call.snapshot().isKey(wanted)) {
      throw Refusals.keyAsModel(call);
    }
    if (call.snapshot().climbs(wanted)) {
      throw Refusals.climbing(call, wanted);
    }
    return wanted;
  }
}

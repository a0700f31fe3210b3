package io.penstock.server.call;

import com.fasterxml.jackson.core.JsonToken;
import io.penstock.core.Endpoint;
import io.penstock.core.ErrorCode;
import io.penstock.core.Filter;
import io.penstock.core.GatewayException;
import io.penstock.core.Step;
import io.penstock.core.body.RequestBody;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Lets a caller come back to its own stored responses only, and to the provider that keeps them.
 * Refuses what would keep a conversation, or its cost, out of the gateway's sight.
 */
final class StoredFilter implements Filter<Call> {
  private final StoredResponses responses;

  StoredFilter(StoredResponses responses) {
    this.responses = responses;
  }

  @Override
  public Step apply(Call call) {
    if (call.surface().endpoint() == Endpoint.STORED_RESPONSE) {
      String id = id(call.surface().rest());
      return Step.await(responses.find(id), owner -> come(call, id, owner));
    }
    RequestBody body = call.body();
    if (call.surface().endpoint() != Endpoint.RESPONSES || body == null) {
      return Step.next();
    }
    if (body.flag("background", false)) {
      throw GatewayException.unsupported(
          "background",
          "Responses in the background are not served: what they cost is not known when they are"
              + " accepted. Ask for a stream.");
    }
    if (isGiven(body, "conversation")) {
      throw GatewayException.unsupported(
          "conversation",
          "Conversations kept by a provider are not served: they belong to its account, not to"
              + " your key. Send `previous_response_id` or the turns in `input`.");
    }
    if (!isGiven(body, "previous_response_id")) {
      return Step.next();
    }
    String id = body.text("previous_response_id");
    String wanted = id == null ? "" : id;
    return Step.await(responses.find(wanted), owner -> goOn(call, wanted, owner));
  }

  private static boolean isGiven(RequestBody body, String field) {
    int at = body.indexOf(field);
    return at >= 0 && body.token(at) != JsonToken.VALUE_NULL;
  }

  private static String id(String rest) {
    int slash = rest.indexOf('/');
    return slash < 0 ? rest : rest.substring(0, slash);
  }

  private static Step come(Call call, String id, Optional<StoredResponses.Owner> owner) {
    StoredResponses.Owner own = own(call, owner);
    if (own == null) {
      throw new GatewayException(
          ErrorCode.UNKNOWN_PATH, "There is no response \"" + clip(id) + "\" of yours here.");
    }
    call.keptAt(own.provider());
    return Step.next();
  }

  private static Step goOn(Call call, String id, Optional<StoredResponses.Owner> owner) {
    StoredResponses.Owner own = own(call, owner);
    if (own == null) {
      throw GatewayException.invalid(
          "previous_response_id",
          "There is no response \""
              + clip(id)
              + "\" of yours here; send the previous turns in `input`.");
    }
    call.keptAt(own.provider());
    return Step.next();
  }

  private static StoredResponses.@Nullable Owner own(
      Call call, Optional<StoredResponses.Owner> owner) {
    return owner.filter(known -> known.is(call.principal())).orElse(null);
  }

  private static String clip(String text) {
    return text.length() <= 100 ? text : text.substring(0, 100) + "...";
  }
}

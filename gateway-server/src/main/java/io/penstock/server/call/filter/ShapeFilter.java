package io.penstock.server.call.filter;

import com.fasterxml.jackson.core.JsonToken;
import io.penstock.core.Filter;
import io.penstock.core.GatewayException;
import io.penstock.core.Step;
import io.penstock.core.body.JsonSpans;
import io.penstock.core.body.RequestBody;
import io.penstock.core.route.RouteTable;
import io.penstock.server.call.Call;

/**
 * Refuses a body whose question is missing or is of a type that no provider takes. What only some
 * refuse goes on to them, and so does what a route may fill in or replace.
 */
final class ShapeFilter implements Filter<Call> {
  private static final String INPUT = "input";
  private static final String PROMPT = "prompt";

  @Override
  public Step apply(Call call) {
    RequestBody body = call.body();
    if (body == null || body.isForm()) {
      return Step.next();
    }
    switch (call.surface().endpoint()) {
      case CHAT -> {
        // Some servers that are compatible take a prompt instead.
        if (!body.has(PROMPT)) {
          need(call, body, "messages", "a list", JsonToken.START_ARRAY);
        }
      }
      case MESSAGES, COUNT_TOKENS -> need(call, body, "messages", "a list", JsonToken.START_ARRAY);
      // Google takes an object for a list of one.
      case GENERATE ->
          need(call, body, "contents", "a list", JsonToken.START_ARRAY, JsonToken.START_OBJECT);
      case RESPONSES, RESPONSES_INPUT_TOKENS -> textOrList(call, body, INPUT);
      case COMPLETIONS -> textOrList(call, body, PROMPT);
      case EMBEDDINGS -> embeddings(call, body);
      case SPEECH -> need(call, body, INPUT, "a string", JsonToken.VALUE_STRING);
      default -> {}
    }
    return Step.next();
  }

  /** Refuses a field that is there and is neither a string nor a list. */
  private static void textOrList(Call call, RequestBody body, String field) {
    if (body.has(field)) {
      need(call, body, field, "a string or a list", JsonToken.VALUE_STRING, JsonToken.START_ARRAY);
    }
  }

  private static void embeddings(Call call, RequestBody body) {
    String expected = "a string or a list that is not empty";
    need(
        call,
        body,
        INPUT,
        expected,
        JsonToken.VALUE_STRING,
        JsonToken.START_ARRAY,
        JsonToken.START_OBJECT);
    int at = body.indexOf(INPUT);
    if (at >= 0 && isEmptyList(body, at) && !isExcused(call, INPUT)) {
      throw wrong(INPUT, "is an empty list", expected);
    }
  }

  private static boolean isEmptyList(RequestBody body, int at) {
    return body.token(at) == JsonToken.START_ARRAY
        && JsonSpans.elements(body.bytes(), body.start(at), body.end(at)).length == 0;
  }

  private static void need(
      Call call, RequestBody body, String field, String expected, JsonToken... types) {
    int at = body.has(field) ? body.indexOf(field) : -1;
    for (JsonToken type : types) {
      if (at >= 0 && body.token(at) == type) {
        return;
      }
    }
    if (!isExcused(call, field)) {
      throw wrong(field, at < 0 ? "is missing" : "is of a wrong type", expected);
    }
  }

  /**
   * Returns whether a route gives the field, or the model is not known: that is told instead. Asked
   * only when the body is about to be refused.
   */
  private static boolean isExcused(Call call, String field) {
    RouteTable routes = call.snapshot().routes();
    return routes.gives(field) || routes.find(call.routedModel()) == null;
  }

  private static GatewayException wrong(String field, String what, String expected) {
    return GatewayException.invalid(
        field, "The field \"" + field + "\" " + what + " (expected: " + expected + ").");
  }
}

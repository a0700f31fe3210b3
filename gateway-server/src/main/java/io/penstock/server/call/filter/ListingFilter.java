package io.penstock.server.call.filter;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.Filter;
import io.penstock.core.Reply;
import io.penstock.core.Step;
import io.penstock.core.route.RouteTable;
import io.penstock.server.call.Call;
import io.penstock.server.call.Snapshot;
import io.penstock.server.call.reply.ErrorReplies;
import io.penstock.server.call.reply.Refusals;
import io.penstock.server.targets.PriceTags;
import io.penstock.server.targets.TargetRuntime;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Answers {@code /v1/models}: what this key may ask for, with prices, in the caller's dialect. */
final class ListingFilter implements Filter<Call> {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @Override
  public Step apply(Call call) {
    if (call.surface().endpoint() != Endpoint.MODELS) {
      return Step.next();
    }
    String wanted = call.surface().rest();
    ObjectNode json = wanted.isEmpty() ? list(call) : one(call, wanted);
    return Step.reply(new Reply(200, "application/json", ErrorReplies.utf8(json.toString())));
  }

  private static ObjectNode one(Call call, String name) {
    RouteTable.Found route = call.snapshot().routes().find(name);
    if (route == null || !call.principal().mayAsk(name)) {
      throw Refusals.unknownModel(name, allowed(call));
    }
    return entry(call, name, route);
  }

  private static List<String> allowed(Call call) {
    return call.snapshot().routes().names().stream()
        .sorted()
        .filter(name -> call.principal().mayAsk(name))
        .toList();
  }

  private static ObjectNode list(Call call) {
    ObjectNode json = MAPPER.createObjectNode();
    boolean gemini = call.dialect() == Dialect.GEMINI;
    if (call.dialect() == Dialect.OPENAI) {
      json.put("object", "list");
    }
    ArrayNode data = json.putArray(gemini ? "models" : "data");
    List<String> names = allowed(call);
    for (String name : names) {
      data.add(entry(call, name, call.snapshot().routes().find(name)));
    }
    if (call.dialect() == Dialect.ANTHROPIC) {
      json.put("has_more", false);
      json.put("first_id", names.isEmpty() ? null : names.getFirst());
      json.put("last_id", names.isEmpty() ? null : names.getLast());
    }
    return json;
  }

  private static ObjectNode entry(Call call, String name, RouteTable.@Nullable Found route) {
    ObjectNode json = MAPPER.createObjectNode();
    switch (call.dialect()) {
      case ANTHROPIC ->
          json.put("type", "model")
              .put("id", name)
              .put("display_name", name)
              .put("created_at", Instant.EPOCH.toString());
      case GEMINI -> {
        json.put("name", "models/" + name).put("displayName", name);
        json.putArray("supportedGenerationMethods")
            .add("generateContent")
            .add("streamGenerateContent")
            .add("countTokens");
      }
      default ->
          json.put("id", name).put("object", "model").put("created", 0).put("owned_by", "penstock");
    }
    if (route != null) {
      prices(json.putArray("penstock_targets"), call, route);
    }
    return json;
  }

  private static void prices(ArrayNode targets, Call call, RouteTable.Found route) {
    Snapshot snapshot = call.snapshot();
    for (TargetRuntime target : snapshot.targets().reachable(snapshot.routes(), route)) {
      ObjectNode json = targets.addObject().put("target", target.label());
      PriceTags.each(target.price(), call.startMillis(), json::put);
    }
  }
}

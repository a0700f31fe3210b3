package io.penstock.server.call.accounting;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.body.RequestBody;
import io.penstock.core.price.HostedTool;
import io.penstock.core.price.Meter;
import io.penstock.server.call.Call;
import io.penstock.server.targets.TargetRuntime;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a request asks for that is billed by something else than tokens, as far as answers say how
 * much of it was used. Stateless.
 */
public final class AskedMeters {
  /** Any of these is enough for an endpoint whose answers are no text. */
  private static final List<Meter> DRAWN = List.of(Meter.IMAGE, Meter.OUTPUT_IMAGE);

  private static final List<Meter> SPOKEN = List.of(Meter.CHARACTER, Meter.OUTPUT_AUDIO);
  private static final List<Meter> HEARD = List.of(Meter.AUDIO_SECOND, Meter.INPUT_AUDIO);
  private static final List<Meter> RANKED = List.of(Meter.RERANK_QUERY, Meter.INPUT);

  private AskedMeters() {}

  /** Returns a meter that the request asks for and the target has no rate of; null when none. */
  public static @Nullable Meter unrated(Call call, TargetRuntime target) {
    return switch (call.surface().endpoint()) {
      case IMAGES -> first(call, target, DRAWN);
      case SPEECH -> first(call, target, SPOKEN);
      case TRANSCRIPTIONS, TRANSLATIONS -> first(call, target, HEARD);
      case RERANK -> first(call, target, RANKED);
      default -> call.surface().endpoint().isConversation() ? tool(call, target) : null;
    };
  }

  private static @Nullable Meter first(Call call, TargetRuntime target, List<Meter> either) {
    return either.stream().anyMatch(meter -> Fees.isBilled(call, target, meter))
        ? null
        : either.getFirst();
  }

  private static @Nullable Meter tool(Call call, TargetRuntime target) {
    RequestBody body = call.body();
    byte[] added = target.parameters();
    Meter asked =
        body == null || body.isForm() || call.wants().elsewhere().uses() == 0
            ? null
            : unrated(call, target, body);
    return asked != null || added.length == 0
        ? asked
        : unrated(call, target, RequestBody.parse(added));
  }

  private static @Nullable Meter unrated(Call call, TargetRuntime target, RequestBody body) {
    for (HostedTool tool : HostedTool.FIELDS) {
      Meter fee = tool.fee();
      if (fee != null && body.has(tool.name()) && !Fees.isBilled(call, target, fee)) {
        return fee;
      }
    }
    int tools = body.indexOf("tools");
    if (tools < 0) {
      return null;
    }
    JsonNode listed = body.tree(tools);
    // Google takes an object for a list of one.
    Iterable<JsonNode> each = listed.isObject() ? List.of(listed) : listed;
    for (JsonNode tool : each) {
      Meter meter = fee(tool);
      if (meter != null && !Fees.isBilled(call, target, meter)) {
        return meter;
      }
    }
    return null;
  }

  /** Tools of other names have no fee of their own, or one that no answer tells the count of. */
  private static @Nullable Meter fee(JsonNode tool) {
    for (HostedTool known : HostedTool.GEMINI) {
      if (known.fee() != null && tool.has(known.name())) {
        return known.fee();
      }
    }
    HostedTool named = HostedTool.ofType(tool.path("type").asText());
    return named == null ? null : named.fee();
  }
}

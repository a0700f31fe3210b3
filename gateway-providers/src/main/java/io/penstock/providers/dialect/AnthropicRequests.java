package io.penstock.providers.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.penstock.core.GatewayException;
import io.penstock.core.body.BodyPatch;
import io.penstock.core.body.Json;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.Threads;
import java.util.ArrayList;
import java.util.List;

/** Splices an Anthropic request, for Anthropic itself and for the clouds that host Claude. */
final class AnthropicRequests {
  /**
   * Fields by which a request runs on other models, keeps state at the provider or bills another
   * account: none of it would be priced right.
   */
  private static final List<String> UNPRICED =
      List.of("fallbacks", "thread", "billing_policy", "mcp_servers");

  private AnthropicRequests() {}

  /**
   * A body to send.
   *
   * @param dropped what of the client's request is not in it
   */
  record Spliced(byte[] body, List<String> dropped) {}

  /** Returns the body for Anthropic's own API. */
  static Spliced body(ProviderCall call, AnthropicBetas betas) {
    List<String> dropped = new ArrayList<>(betas.refused());
    BodyPatch patch = patch(call, dropped);
    Splice.model(call, patch);
    return new Spliced(patch.apply(), dropped);
  }

  /** Returns the body for a cloud, where the model is part of the path. */
  static Spliced hosted(
      ProviderCall call, String version, AnthropicBetas betas, boolean keepStream) {
    List<String> dropped = new ArrayList<>(betas.refused());
    BodyPatch patch = patch(call, dropped).remove("model");
    if (!keepStream) {
      patch.remove("stream");
    }
    patch.setDefault("anthropic_version", Json.quote(version));
    if (!betas.allowed().isEmpty()) {
      StringBuilder list = new StringBuilder("[");
      for (String beta : betas.allowed()) {
        list.append(list.length() > 1 ? "," : "").append(Json.quote(beta));
      }
      patch.set("anthropic_beta", list.append(']').toString());
    }
    return new Spliced(patch.apply(), dropped);
  }

  private static BodyPatch patch(ProviderCall call, List<String> dropped) {
    String granted = "," + call.target().options().getOrDefault("allow", "") + ",";
    for (String field : UNPRICED) {
      if (call.body().has(field) && !granted.contains("," + field + ",")) {
        throw GatewayException.unsupported(
            field,
            "The field \""
                + field
                + "\" is not allowed on provider "
                + call.target().provider()
                + ": its cost cannot be accounted for (expected: absent, or named in the"
                + " provider's option `allow`)."
                + (field.equals(Threads.FIELD) ? " " + Threads.ADVICE + "." : ""));
      }
    }
    BodyPatch patch = new BodyPatch(call.body());
    boolean lost = ForeignThoughts.strip(call, patch);
    Splice.parameters(call, patch, List.of("max_tokens"));
    if (lost && thinking(call).path("type").asText().equals("enabled")) {
      stopThinking(call, patch, dropped);
    }
    CacheMarks.splice(call, patch);
    return patch;
  }

  /** Returns how the model is told to think: by the route, else by the client. */
  private static JsonNode thinking(ProviderCall call) {
    JsonNode set = call.set().get("thinking");
    if (set != null) {
      return set;
    }
    JsonNode sent = field(call, "thinking");
    JsonNode standard = call.defaults().get("thinking");
    return sent.isMissingNode() && standard != null ? standard : sent;
  }

  private static JsonNode field(ProviderCall call, String name) {
    int i = call.body().indexOf(name);
    return i < 0
        ? MissingNode.getInstance()
        : JsonTrees.read(call.body().bytes(), call.body().start(i), call.body().end(i));
  }

  /**
   * Has this one call go without thoughts: a model that thinks by a budget refuses a tool loop
   * whose last call does not begin with its own, and these were another provider's.
   */
  private static void stopThinking(ProviderCall call, BodyPatch patch, List<String> dropped) {
    patch.set("thinking", "{\"type\":\"disabled\"}");
    dropped.add("thinking");
    // It may ask to clear thoughts, which is refused where there are none.
    if (field(call, "context_management").toString().contains("clear_thinking")) {
      patch.remove("context_management");
      dropped.add("context_management");
    }
  }
}

package io.penstock.providers.dialect;

import io.penstock.core.GatewayException;
import io.penstock.core.body.BodyPatch;
import io.penstock.core.body.Json;
import io.penstock.providers.ProviderCall;
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

  /** Returns the body for Anthropic's own API. */
  static byte[] body(ProviderCall call) {
    BodyPatch patch = patch(call);
    Splice.model(call, patch);
    return patch.apply();
  }

  /** Returns the body for a cloud, where the model is part of the path. */
  static byte[] hosted(ProviderCall call, String version, List<String> betas, boolean keepStream) {
    BodyPatch patch = patch(call).remove("model");
    if (!keepStream) {
      patch.remove("stream");
    }
    patch.setDefault("anthropic_version", Json.quote(version));
    if (!betas.isEmpty()) {
      StringBuilder list = new StringBuilder("[");
      for (String beta : betas) {
        list.append(list.length() > 1 ? "," : "").append(Json.quote(beta));
      }
      patch.set("anthropic_beta", list.append(']').toString());
    }
    return patch.apply();
  }

  private static BodyPatch patch(ProviderCall call) {
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
                + " provider's option `allow`).");
      }
    }
    BodyPatch patch = new BodyPatch(call.body());
    ForeignThoughts.strip(call, patch);
    Splice.parameters(call, patch, "max_tokens");
    CacheMarks.splice(call, patch);
    return patch;
  }
}

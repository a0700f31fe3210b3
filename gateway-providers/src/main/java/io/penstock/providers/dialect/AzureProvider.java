package io.penstock.providers.dialect;

import io.netty.buffer.ByteBuf;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.providers.Attempt;
import io.penstock.providers.Failure;
import io.penstock.providers.HeaderLookup;
import io.penstock.providers.Provider;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.Target;

/**
 * Azure OpenAI. With the option {@code api_version} the classic paths, where the deployment is part
 * of the path; without it the v1 paths, where it is the model of the body. The option {@code
 * deployments.MODEL} names the deployment of a model; without it both have one name.
 */
final class AzureProvider implements Provider {
  @Override
  public boolean serves(Endpoint endpoint) {
    return switch (endpoint) {
      case MODERATIONS, RERANK -> false;
      default -> Providers.of(Dialect.OPENAI).serves(endpoint);
    };
  }

  @Override
  public Attempt attempt(ProviderCall call) {
    Target target = call.target();
    String deployment =
        target.options().getOrDefault("deployments." + target.model(), target.model());
    String version = target.options().get("api_version");
    String path = OpenAiRequests.path(call.endpoint());
    boolean scoped =
        call.endpoint() != Endpoint.RESPONSES && call.endpoint() != Endpoint.RESPONSES_INPUT_TOKENS;
    if (version == null) {
      path = "/openai/v1" + path;
    } else {
      path =
          (scoped ? "/openai/deployments/" + Splice.segment(deployment) : "/openai")
              + path
              + "?api-version="
              + Splice.segment(version);
    }
    var renamed =
        new Target(
            target.provider(), target.dialect(), deployment, target.region(), target.options());
    return OpenAiProvider.attempt(call.withTarget(renamed), path);
  }

  @Override
  public Failure classify(int status, HeaderLookup headers, ByteBuf body) {
    return Failures.of(status, headers, body);
  }
}

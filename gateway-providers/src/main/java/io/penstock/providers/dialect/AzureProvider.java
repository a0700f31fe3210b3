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
import io.penstock.providers.translate.Translation;
import io.penstock.providers.translate.Wiring.Operation;
import java.util.Map;

/**
 * Azure OpenAI. With the option {@code api_version} the classic paths, where the deployment is part
 * of the path; without it the v1 paths, where it is the model of the body. The option {@code
 * deployments.MODEL} names the deployment of a model; without it both have one name.
 */
final class AzureProvider implements Provider {
  private static final Wired WIRED =
      new Wired(
          (call, operation) ->
              path(call, operation == Operation.EMBED ? Endpoint.EMBEDDINGS : Endpoint.CHAT),
          false);

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
    var renamed =
        new Target(
            target.provider(), target.dialect(), deployment, target.region(), target.options());
    ProviderCall deployed = call.withTarget(renamed);
    return OpenAiProvider.isNative(call.endpoint())
        ? OpenAiProvider.attempt(deployed, path(deployed, call.endpoint()))
        : Translation.attempt(deployed, Dialect.OPENAI, WIRED);
  }

  private static String path(ProviderCall call, Endpoint endpoint) {
    boolean scoped = endpoint != Endpoint.RESPONSES && endpoint != Endpoint.RESPONSES_INPUT_TOKENS;
    String deployment = "/deployments/" + Splice.segment(call.target().model());
    return path(OpenAiRequests.path(endpoint), scoped ? deployment : "", call.target().options());
  }

  private static String path(String path, String deployment, Map<String, String> options) {
    String version = options.get("api_version");
    return version == null
        ? "/openai/v1" + path
        : "/openai" + deployment + path + "?api-version=" + Splice.segment(version);
  }

  @Override
  public String storedResponse(String idAndRest, Map<String, String> options) {
    return path("/responses/" + idAndRest, "", options);
  }

  @Override
  public Failure classify(int status, HeaderLookup headers, ByteBuf body) {
    return Failures.of(status, headers, body);
  }
}

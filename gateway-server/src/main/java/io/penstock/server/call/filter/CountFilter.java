package io.penstock.server.call.filter;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Endpoint;
import io.penstock.core.Filter;
import io.penstock.core.Reply;
import io.penstock.core.Step;
import io.penstock.core.route.RouteTable;
import io.penstock.server.call.Call;
import io.penstock.server.call.Snapshot;
import io.penstock.server.call.reply.ErrorReplies;
import io.penstock.server.targets.TargetRuntime;
import io.penstock.server.tokens.TokenCounter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Counts the input tokens of a conversation where no provider of the model can: off the loop, and
 * marked as an estimate in {@code x-penstock-estimated}.
 */
final class CountFilter implements Filter<Call> {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Map<String, String> ESTIMATED =
      Map.of("x-penstock-estimated", "input_tokens");

  private final TokenCounter counter;

  CountFilter(TokenCounter counter) {
    this.counter = counter;
  }

  @Override
  public Step apply(Call call) {
    Endpoint endpoint = call.surface().endpoint();
    if (!endpoint.countsTokens()) {
      return Step.next();
    }
    Snapshot snapshot = call.snapshot();
    RouteTable.Found route = snapshot.routes().find(call.routedModel());
    List<TargetRuntime> targets =
        route == null ? List.of() : snapshot.targets().reachable(snapshot.routes(), route);
    if (targets.isEmpty()
        || targets.stream().anyMatch(to -> to.provider().serves(endpoint, to.model()))) {
      return Step.next();
    }
    CompletableFuture<TokenCounter.Counts> counted = new CompletableFuture<>();
    counter.count(targets.getFirst().model(), call.bytes(), "", Runnable::run, counted::complete);
    return Step.await(counted, found -> answer(endpoint, found.input()));
  }

  private static Step answer(Endpoint endpoint, long tokens) {
    ObjectNode json = MAPPER.createObjectNode();
    switch (endpoint) {
      case GEMINI_COUNT_TOKENS -> json.put("totalTokens", tokens);
      case RESPONSES_INPUT_TOKENS ->
          json.put("object", "response.input_tokens").put("input_tokens", tokens);
      default -> json.put("input_tokens", tokens);
    }
    return Step.reply(
        new Reply(200, "application/json", ErrorReplies.utf8(json.toString()), ESTIMATED));
  }
}

package io.penstock.server.call.filter;

import io.penstock.core.Filter;
import io.penstock.core.Step;
import io.penstock.core.route.RouteTable;
import io.penstock.server.call.Call;
import io.penstock.server.metrics.CallMetrics;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * Embeds the prompt, off the loop, where a router on the way of the route was fitted with
 * embeddings. When there is no time for it (a full queue) or it fails, the rules inside that router
 * judge alone; both are counted in {@code penstock_router_embeddings_total}.
 */
final class RouterFilter implements Filter<Call> {
  private static final float[] NOTHING = new float[0];

  private final Function<String, CompletionStage<float[]>> embedder;
  private final CallMetrics metrics;

  RouterFilter(Function<String, CompletionStage<float[]>> embedder, CallMetrics metrics) {
    this.embedder = embedder;
    this.metrics = metrics;
  }

  @Override
  public Step apply(Call call) {
    RouteTable routes = call.snapshot().routes();
    if (!routes.usesEmbedding() || call.cached() != null) {
      return Step.next();
    }
    RouteTable.Found route = routes.find(call.routedModel());
    if (route == null || !routes.usesEmbedding(route)) {
      return Step.next();
    }
    return Step.await(
        embedder.apply(call.facts().text()).exceptionally(busy -> NOTHING),
        vector -> {
          metrics.routerEmbedding(vector.length > 0);
          if (vector.length > 0) {
            call.facts().embedding(vector);
          }
          return Step.next();
        });
  }
}

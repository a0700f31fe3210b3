package io.penstock.server.call.explain;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.penstock.core.Endpoint;
import io.penstock.core.GatewayException;
import io.penstock.core.body.RequestBody;
import io.penstock.core.identity.Principal;
import io.penstock.server.call.Arrival;
import io.penstock.server.call.Call;
import io.penstock.server.call.LoopContext;
import io.penstock.server.call.Surface;
import io.penstock.server.call.cache.CacheOutlook;
import io.penstock.server.call.filter.FilterChain;
import io.penstock.server.call.prompt.Conversation;
import io.penstock.server.call.serve.Engine;
import io.penstock.server.client.RequestHead;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Says what would happen to a request, without the call: an {@link Explanation} of a call that
 * nobody waits for, made on a loop that serves requests. Thread-safe; blocks, so never on a loop.
 */
public final class Explainer {
  private static final long WAIT_SECONDS = 5;

  private final Engine engine;
  private final CacheOutlook outlook;
  private final EventLoopGroup loops;
  private final Function<String, CompletionStage<float[]>> embedder;

  /**
   * Creates an explainer of that engine, which works on these loops.
   *
   * @param filters what is explained
   * @param embedder of prompts, off its caller's thread
   */
  public Explainer(
      Engine engine,
      FilterChain filters,
      EventLoopGroup loops,
      Function<String, CompletionStage<float[]>> embedder) {
    this.engine = engine;
    this.outlook = filters.outlook();
    this.loops = loops;
    this.embedder = embedder;
  }

  /**
   * A request that is not made.
   *
   * @param endpoint a label such as {@code chat}
   * @param headers those that decide: {@code X-Penstock-*}
   */
  public record Question(Principal who, String endpoint, byte[] body, HttpHeaders headers) {}

  /**
   * Returns the decision as JSON-like maps.
   *
   * @throws IllegalArgumentException for an endpoint that does not exist
   * @throws IllegalStateException when the loop does not answer
   */
  public Map<String, @Nullable Object> explain(Question question) {
    Surface surface = Surface.of(endpoint(question.endpoint()));
    EventLoop loop = loops.next();
    Heard heard = new Heard();
    try {
      float[] embedding = embedding(question, surface);
      while (true) {
        Map<String, @Nullable Object> said =
            loop.submit(() -> decide(question, surface, engine.loop(loop), embedding, heard))
                .get(WAIT_SECONDS, TimeUnit.SECONDS);
        Set<CompletableFuture<?>> missed = heard.takeMissed();
        if (missed.isEmpty()) {
          return said;
        }
        for (CompletableFuture<?> one : missed) {
          one.get(WAIT_SECONDS, TimeUnit.SECONDS);
        }
      }
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new IllegalStateException("the decision was not made: " + e.getMessage(), e);
    }
  }

  /** Returns the prompt's embedding, or null when no router asks for one. */
  private float @Nullable [] embedding(Question question, Surface surface)
      throws InterruptedException, ExecutionException, TimeoutException {
    if (!engine.snapshot().routes().usesEmbedding()) {
      return null;
    }
    String text;
    try {
      text = Conversation.of(RequestBody.parse(question.body()), surface.endpoint()).text();
    } catch (GatewayException e) {
      // The decision says what is wrong with the body.
      return null;
    }
    return embedder.apply(text).toCompletableFuture().get(WAIT_SECONDS, TimeUnit.SECONDS);
  }

  private static Endpoint endpoint(String label) {
    Endpoint endpoint = Endpoint.ofLabel(label);
    if (endpoint != null
        && endpoint != Endpoint.PASSTHROUGH
        && endpoint != Endpoint.STORED_RESPONSE) {
      return endpoint;
    }
    throw new IllegalArgumentException(
        "endpoint: " + label + " (expected: chat, responses, messages, embeddings, ...)");
  }

  private Map<String, @Nullable Object> decide(
      Question question,
      Surface surface,
      LoopContext context,
      float @Nullable [] embedding,
      Heard heard) {
    RequestHead head = new RequestHead(HttpMethod.POST, "/", "", question.headers(), null);
    Call call =
        new Call(
            context,
            engine.snapshot(),
            new Arrival(head, surface, question.who(), context.ids().next()),
            engine.ticker().epochMillis(),
            question.body(),
            Nobody.INSTANCE);
    call.endedBy(heard);
    if (embedding != null) {
      call.facts().embedding(embedding);
    }
    return new Explanation(engine, outlook, call, heard).make();
  }
}

package io.penstock.server.call.side;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.cache.EmbeddingAnswers;
import io.penstock.core.Endpoint;
import io.penstock.core.body.RequestBody;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import io.penstock.ledger.Cause;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.RequestIds;
import io.penstock.providers.HeaderLookup;
import io.penstock.providers.ProviderCall;
import io.penstock.server.call.Call;
import io.penstock.server.call.LoopTimer;
import io.penstock.server.call.accounting.WorstCase;
import io.penstock.server.call.serve.Engine;
import io.penstock.server.targets.TargetRuntime;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Asks a provider for the vector of a call's question: held on the caller's budgets, recorded and
 * booked to the caller as overhead, whether or not it comes in time. Thread-safe; each call's part
 * runs on its loop.
 */
public final class QuestionEmbedder {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Usage ONE_REQUEST = Usage.builder().set(Meter.REQUEST, 1).build();

  /** Questions under way at once: more are misses. */
  static final int MOST_UNDERWAY = 64;

  /** A call waits no longer: the answer itself would come soon. */
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Engine engine;
  private final AtomicInteger underway = new AtomicInteger();

  public QuestionEmbedder(Engine engine) {
    this.engine = engine;
  }

  /**
   * Asks; on the call's loop, where it completes with the provider's answer in OpenAI's form. Fails
   * when there are too many under way, no money for it, or no answer in time.
   *
   * @param embedder null when its provider cannot be used
   */
  public CompletionStage<byte[]> ask(Call call, @Nullable TargetRuntime embedder, String text) {
    if (embedder == null) {
      return CompletableFuture.failedStage(new IllegalStateException("no key"));
    }
    if (underway.incrementAndGet() > MOST_UNDERWAY) {
      underway.decrementAndGet();
      return CompletableFuture.failedStage(new RejectedExecutionException("too many questions"));
    }
    CompletableFuture<byte[]> inTime = new CompletableFuture<>();
    LoopTimer patience = new LoopTimer(call.guard());
    patience.start(
        PATIENCE_NANOS,
        () -> inTime.completeExceptionally(new TimeoutException("the embedder took too long")));
    SideCall.make(call, engine, () -> order(call, embedder, text))
        .whenComplete((answer, failed) -> {
          underway.decrementAndGet();
          patience.cancel();
          if (failed == null) {
            inTime.complete(answer.body());
          } else {
            inTime.completeExceptionally(failed);
          }
        });
    return inTime;
  }

  private static SideCall.Order order(Call call, TargetRuntime embedder, String text) {
    byte[] body =
        JSON.createObjectNode()
            .put("model", embedder.model())
            .put("input", text)
            .toString()
            .getBytes(StandardCharsets.UTF_8);
    // A byte-level tokeniser never makes more tokens than there are bytes.
    long bound = WorstCase.nanos(call, embedder.price(), body.length, 0, ONE_REQUEST, Set.of());
    return new SideCall.Order(
        embedder,
        embedder.provider().provider().attempt(request(embedder, body)),
        false,
        new LedgerRow.Attempt(call.id(), RequestIds.MAX_ATTEMPT - 3, Cause.EMBEDDING),
        "embedding",
        "",
        new WorstCase(bound, body.length, 0));
  }

  private static ProviderCall request(TargetRuntime embedder, byte[] body) {
    return new ProviderCall(
        Endpoint.EMBEDDINGS,
        embedder.target(),
        RequestBody.parse(body),
        false,
        false,
        HeaderLookup.NONE,
        -1,
        Map.of(),
        Map.of(),
        false,
        -1,
        null);
  }

  /**
   * Returns the vector in an answer; takes some tens of microseconds, so not on a loop.
   *
   * @throws IllegalArgumentException when there is none
   */
  public static float[] vector(byte[] answer) {
    List<byte[]> vectors = EmbeddingAnswers.vectors(Endpoint.EMBEDDINGS, answer, 1);
    if (vectors.isEmpty()) {
      throw new IllegalArgumentException("embeddings: another number of them (expected: 1)");
    }
    return EmbeddingAnswers.numbers(vectors.getFirst());
  }

  /** Returns why {@link #ask} failed, in a word for metrics. */
  public static String reason(Throwable failure) {
    Throwable cause = failure.getCause() == null ? failure : failure.getCause();
    return switch (cause) {
      case RejectedExecutionException tooMany -> "queue";
      case SideCall.NoMoneyException noMoney -> "unpaid";
      default -> "failed";
    };
  }
}

package io.penstock.cache.semantic;

import java.io.IOException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads that embed and judge, with the models they use: few, with a short queue. Work that
 * does not fit fails at once with {@link RejectedExecutionException}.
 */
final class EmbedPool implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EmbedPool.class);

  private final Models models = new Models();
  private final ThreadPoolExecutor threads;

  EmbedPool(int size, int queue) {
    this.threads =
        new ThreadPoolExecutor(
            size,
            size,
            30,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(queue),
            Thread.ofPlatform().name("penstock-embed-", 0).daemon().factory());
    threads.allowCoreThreadTimeOut(true);
  }

  /** Work that needs the models. */
  interface Work<T> {
    T with(Models.Loaded models);
  }

  /** Runs work on one of the threads; the future fails when the queue is full or the work does. */
  <T> CompletableFuture<T> run(Work<T> work) {
    return submit(() -> work.with(models.get()));
  }

  /** Embeds a text in the same way; loads no more than the embedder. */
  CompletableFuture<float[]> embed(String text) {
    return submit(() -> models.first().embed(text));
  }

  /** What may fail for want of a model. */
  private interface Task<T> {
    T call() throws IOException;
  }

  private <T> CompletableFuture<T> submit(Task<T> task) {
    CompletableFuture<T> result = new CompletableFuture<>();
    try {
      threads.execute(() -> {
        try {
          result.complete(task.call());
        } catch (IOException | RuntimeException e) {
          LOG.atWarn().addKeyValue("error", e.toString()).log("embedding or judging failed");
          result.completeExceptionally(e);
        }
      });
    } catch (RejectedExecutionException full) {
      result.completeExceptionally(full);
    }
    return result;
  }

  /** Returns why {@link #run} failed, in a word for metrics. */
  static String reason(Throwable failure) {
    Throwable cause = failure.getCause() == null ? failure : failure.getCause();
    return cause instanceof RejectedExecutionException ? "queue" : "failed";
  }

  int queued() {
    return threads.getQueue().size();
  }

  @Override
  public void close() {
    threads.shutdown();
    try {
      if (!threads.awaitTermination(5, TimeUnit.SECONDS)) {
        return; // a thread still uses the models; the process is going anyway
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    models.close();
  }
}

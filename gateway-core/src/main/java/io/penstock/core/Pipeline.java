package io.penstock.core;

import java.util.List;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** Runs an exchange through the filters, in order. Immutable; shared by all event loops. */
public final class Pipeline<X extends Exchange> {
  /** Where an exchange goes when it leaves the filters. Exactly one of these is called, once. */
  public interface Exit<X extends Exchange> {
    /** All filters said next: call the provider. */
    void forward(X exchange);

    /** A filter answered. The callee owns the reply. */
    void reply(X exchange, Reply reply);

    /** A filter failed; or the way out itself, on which the exchange may have ended then. */
    void fail(X exchange, Throwable cause);
  }

  private final List<Filter<X>> filters;
  private final Exit<X> exit;

  /** Creates a pipeline of the filters in their running order. */
  public Pipeline(List<Filter<X>> filters, Exit<X> exit) {
    this.filters = List.copyOf(filters);
    this.exit = exit;
  }

  /** Starts or resumes the exchange. Must be called on its loop. */
  public void run(X exchange) {
    try {
      walk(exchange);
    } catch (RuntimeException | Error e) {
      exit.fail(exchange, e);
    }
  }

  private void walk(X exchange) {
    while (exchange.nextFilter < filters.size()) {
      if (!take(exchange, filters.get(exchange.nextFilter++).apply(exchange))) {
        return;
      }
    }
    exit.forward(exchange);
  }

  private boolean take(X exchange, Step step) {
    return switch (step) {
      case Step.Next.INSTANCE -> true;
      case Step.Answer(Reply reply) -> {
        exit.reply(exchange, reply);
        yield false;
      }
      case Step.Await<?> await -> {
        pause(exchange, await);
        yield false;
      }
    };
  }

  private <T> void pause(X exchange, Step.Await<T> await) {
    await
        .stage()
        .whenCompleteAsync(
            (value, failure) -> resume(exchange, await, value, failure), exchange.loop());
  }

  /** Nobody else hears of what is thrown here. */
  private <T> void resume(X exchange, Step.Await<T> await, T value, @Nullable Throwable failure) {
    try {
      if (failure == null) {
        goOn(exchange, await.then().apply(value));
      } else if (!exchange.isEnded()) {
        exit.fail(exchange, unwrap(failure));
      }
    } catch (RuntimeException | Error e) {
      exit.fail(exchange, e);
    }
  }

  private void goOn(X exchange, Step step) {
    if (exchange.isEnded()) {
      drop(step);
    } else if (take(exchange, step)) {
      walk(exchange);
    }
  }

  private static void drop(Step step) {
    if (step instanceof Step.Answer(Reply reply)) {
      reply.body().release();
    }
  }

  private static Throwable unwrap(Throwable failure) {
    Throwable cause = failure.getCause();
    return failure instanceof CompletionException && cause != null ? cause : failure;
  }
}

package io.penstock.server.tokens;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingRegistry;
import com.knuddels.jtokkit.api.EncodingType;
import java.util.Locale;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts tokens of texts on one thread of its own. The encodings are loaded when first needed: they
 * take tens of megabytes, and a gateway whose providers all report usage never needs them.
 */
public final class TokenCounter implements AutoCloseable {
  /** Longer texts are counted up to here and extrapolated. */
  private static final int MAX_CHARS = 400_000;

  private static final int QUEUE = 1024;
  private static final long LAST_SECONDS = 10;
  private static final Logger LOG = LoggerFactory.getLogger(TokenCounter.class);

  /** What was counted. */
  public record Counts(long input, long output) {}

  private final ThreadPoolExecutor worker =
      new ThreadPoolExecutor(
          1,
          1,
          10,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(QUEUE),
          task -> {
            Thread thread = new Thread(task, "token-counter");
            thread.setDaemon(true);
            return thread;
          });
  private volatile EncodingRegistry encodings;

  /** Creates a counter; its thread starts with the first text. */
  @SuppressWarnings("NullAway.Init") // the registry is made by the worker
  public TokenCounter() {
    worker.allowCoreThreadTimeOut(true);
  }

  /**
   * Counts the texts of a request and of its answer.
   *
   * @param model chooses the encoding
   * @param done called on {@code executor}, in any case: when the queue is full with a count by
   *     length
   */
  public void count(
      String model,
      byte[] requestBody,
      CharSequence answer,
      Executor executor,
      Consumer<Counts> done) {
    try {
      worker.execute(() -> {
        Counts counts = count(model, requestBody, answer);
        executor.execute(() -> done.accept(counts));
      });
    } catch (RejectedExecutionException e) {
      done.accept(byLength(requestBody, answer));
    }
  }

  private static Counts byLength(byte[] requestBody, CharSequence answer) {
    return new Counts(requestBody.length / 3L + 1, answer.length() / 3L + 1);
  }

  Counts count(String model, byte[] requestBody, CharSequence answer) {
    RequestText.Texts texts = RequestText.of(requestBody);
    long input = tokens(model, texts.text()) + 3L * texts.messages() + 3;
    return new Counts(input, answer.isEmpty() ? 0 : tokens(model, answer.toString()));
  }

  /** Counts one text as that model's provider would, as nearly as is known in public. */
  public long tokens(String model, String text) {
    if (text.isEmpty()) {
      return 0;
    }
    String name = model.toLowerCase(Locale.ROOT);
    if (name.contains("gemini")) {
      // Google: "about 4 characters" per token.
      return (text.length() + 3L) / 4;
    }
    long counted = encoded(name, text);
    // Anthropic publishes no tokeniser: measured against o200k (finops.md 2.3).
    return name.contains("claude")
        ? (counted * (isNewClaude(name) ? 160 : 120) + 99) / 100
        : counted;
  }

  private static boolean isNewClaude(String name) {
    return name.matches(".*-(4-[7-9]|[5-9](-.*)?)(-.*)?$");
  }

  private long encoded(String model, String text) {
    Encoding encoding = registry().getEncoding(type(model));
    if (text.length() <= MAX_CHARS) {
      return encoding.countTokensOrdinary(text);
    }
    long counted = encoding.countTokensOrdinary(text.substring(0, MAX_CHARS));
    return counted * text.length() / MAX_CHARS;
  }

  private EncodingRegistry registry() {
    EncodingRegistry known = encodings;
    if (known == null) {
      known = Encodings.newLazyEncodingRegistry();
      encodings = known;
    }
    return known;
  }

  private static EncodingType type(String model) {
    boolean old =
        model.startsWith("gpt-4-")
            || model.equals("gpt-4")
            || model.startsWith("gpt-3.5")
            || model.startsWith("text-embedding");
    return old ? EncodingType.CL100K_BASE : EncodingType.O200K_BASE;
  }

  /** Waits for what is being counted: its rows are written by event loops, so end those later. */
  @Override
  public void close() {
    worker.shutdown();
    try {
      if (!worker.awaitTermination(LAST_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("token counts are abandoned; their calls are charged at their bound");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

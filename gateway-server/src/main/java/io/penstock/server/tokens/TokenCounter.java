package io.penstock.server.tokens;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingRegistry;
import com.knuddels.jtokkit.api.EncodingType;
import io.penstock.providers.ClippedText;
import java.util.Locale;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts tokens of texts on one thread of its own. The encodings are loaded when first needed: they
 * take tens of megabytes, and a gateway whose providers all report usage never needs them.
 */
public final class TokenCounter implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TokenCounter.class);

  /** Longer texts are counted up to here and extrapolated. */
  private static final int MAX_CHARS = 400_000;

  /**
   * What is counted at once. A single word of a million characters takes the encoder 150 MB and
   * seconds, one of these some 3 MB.
   */
  static final int PIECE_CHARS = 16_384;

  private static final int QUEUE = 1024;
  private static final int CLOSE_SECONDS = 5;

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
  private volatile @Nullable EncodingRegistry encodings;

  /** Creates a counter; its thread starts with the first text. */
  public TokenCounter() {
    worker.allowCoreThreadTimeOut(true);
  }

  /**
   * Counts the texts of a request and of its answer.
   *
   * @param model chooses the encoding
   * @param done called once, in any case: on {@code executor}, or when the queue is full or this is
   *     closed at once with a count by length; what cannot be counted is told by its length too,
   *     and where not even that is known, {@code executor} is given what was thrown
   */
  public void count(
      String model,
      byte[] requestBody,
      CharSequence answer,
      Executor executor,
      Consumer<Counts> done) {
    Count count = new Count(model, requestBody, answer, executor, done);
    try {
      worker.execute(count);
    } catch (RejectedExecutionException e) {
      done.accept(count.byLength());
    }
  }

  /** One request and its answer. */
  private final class Count implements Runnable {
    private final String model;
    private final byte[] requestBody;
    private final CharSequence answer;
    private final Executor executor;
    private final Consumer<Counts> done;

    Count(
        String model,
        byte[] requestBody,
        CharSequence answer,
        Executor executor,
        Consumer<Counts> done) {
      this.model = model;
      this.requestBody = requestBody;
      this.answer = answer;
      this.executor = executor;
      this.done = done;
    }

    @Override
    public void run() {
      Counts counts;
      try {
        counts = count(model, requestBody, answer);
      } catch (RuntimeException | Error e) {
        // Whoever waits holds money.
        LOG.atError().addKeyValue("model", model).setCause(e).log("tokens could not be counted");
        tellByLength();
        return;
      }
      tell(counts);
    }

    private void tellByLength() {
      try {
        tell(byLength());
      } catch (RuntimeException | Error e) {
        // Nothing can be told of it: that is for who waits to hear.
        executor.execute(() -> {
          throw e;
        });
      }
    }

    void tell(Counts counts) {
      executor.execute(() -> done.accept(counts));
    }

    Counts byLength() {
      return new Counts(
          requestBody.length / 3L + 1, ClippedText.tokens(answer, answer.length() / 3L + 1));
    }
  }

  Counts count(String model, byte[] requestBody, CharSequence answer) {
    RequestText.Texts texts = RequestText.of(requestBody, MAX_CHARS);
    String text = texts.text();
    long counted = tokens(model, text);
    if (texts.rest() > 0 && !text.isEmpty()) {
      counted += counted * texts.rest() / text.length();
    }
    long input = counted + 3L * texts.messages() + 3;
    long output = answer.isEmpty() ? 0 : tokens(model, answer.toString());
    return new Counts(input, ClippedText.tokens(answer, output));
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
    // Anthropic publishes no tokeniser: measured against o200k.
    return name.contains("claude")
        ? (counted * (isNewClaude(name) ? 160 : 120) + 99) / 100
        : counted;
  }

  private static boolean isNewClaude(String name) {
    return name.matches(".*-(4-[7-9]|[5-9](-.*)?)(-.*)?$");
  }

  private long encoded(String model, String text) {
    Encoding encoding = registry().getEncoding(type(model));
    int most = Math.min(text.length(), MAX_CHARS);
    long counted = 0;
    for (int from = 0; from < most; ) {
      int to = pieceEnd(text, from, most);
      counted += encoding.countTokensOrdinary(text.substring(from, to));
      from = to;
    }
    return counted * text.length() / most;
  }

  /**
   * Returns where a piece of a text ends: before the last single space of its second half, which
   * tokens begin with, so that the sum is that of the whole. Where there is none the cut costs a
   * token or two.
   */
  static int pieceEnd(String text, int from, int most) {
    if (most - from <= PIECE_CHARS) {
      return most;
    }
    int end = from + PIECE_CHARS;
    for (int at = end - 1; at > from + PIECE_CHARS / 2; at--) {
      if (text.charAt(at) == ' '
          && !Character.isWhitespace(text.charAt(at - 1))
          && !Character.isWhitespace(text.charAt(at + 1))) {
        return at;
      }
    }
    return Character.isLowSurrogate(text.charAt(end)) ? end - 1 : end;
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

  /**
   * Counts what waits; what is not counted in time is told by its length. So every {@code done} has
   * been handed to its executor when this returns, and executors are closed after this.
   */
  @Override
  public void close() {
    worker.shutdown();
    try {
      if (!worker.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        for (Runnable waiting : worker.shutdownNow()) {
          Count count = (Count) waiting;
          count.tell(count.byLength());
        }
        worker.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // Tens of megabytes, for as long as anybody still knows a gateway that is closed.
    encodings = null;
  }

  /** Returns whether encodings are in memory. */
  boolean isLoaded() {
    return encodings != null;
  }
}

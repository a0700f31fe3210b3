package io.penstock.cache.semantic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;

/**
 * Judges labelled pairs through the gates that serve requests: {@code penstock score --pairs}.
 * Lines have {@code id}, {@code a} (answered), {@code b} (asked), and optionally {@code
 * context_a/b} (earlier turns; role system is the system prompt) and {@code asked_at_a/b}. Both
 * texts count as asked by one person. Confined to one thread; loads the models when made.
 */
public final class PairScorer implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final OnnxModel first;
  private final OnnxModel second;
  private final Judge judge;
  private final double threshold;

  /**
   * Loads the models.
   *
   * @param maxFalseHits the operating point: the share of hard wrong pairs that may pass, 0..1
   */
  public PairScorer(double maxFalseHits) throws IOException {
    if (!(maxFalseHits >= 0 && maxFalseHits <= 1)) {
      throw new IllegalArgumentException(
          "max-false-hits: " + maxFalseHits + " (expected: a share from 0 to 1)");
    }
    this.first = OnnxModel.miniLm();
    this.second = OnnxModel.bgeSmall();
    this.judge = Judge.load(first.tokens());
    this.threshold = OperatingPoints.threshold(maxFalseHits);
  }

  /**
   * Scores every line of {@code pairs} into a line {@code {"id","hit","score"}}.
   *
   * @return the number of pairs
   * @throws IOException also for a line that is not a pair, with its number
   */
  public int score(BufferedReader pairs, Writer out) throws IOException {
    int number = 0;
    int scored = 0;
    for (String line = pairs.readLine(); line != null; line = pairs.readLine()) {
      number++;
      if (line.isBlank()) {
        continue;
      }
      JsonNode pair = JSON.readTree(line);
      for (String field : new String[] {"id", "a", "b"}) {
        if (!pair.path(field).isValueNode() || pair.path(field).isNull()) {
          throw new IOException("line " + number + ": no " + field + " (expected: id, a and b)");
        }
      }
      double score = score(pair);
      ObjectNode result = JSON.createObjectNode();
      result.set("id", pair.path("id"));
      result.put("hit", score >= threshold).put("score", Math.round(score * 1e6) / 1e6);
      out.write(JSON.writeValueAsString(result));
      out.write('\n');
      scored++;
    }
    return scored;
  }

  private double score(JsonNode pair) {
    String a = pair.path("a").asText();
    String b = pair.path("b").asText();
    boolean compatible = pair.path("context_a").equals(pair.path("context_b")) || bothEmpty(pair);
    boolean kept = BypassText.check(a, true) == null && BypassText.check(b, true) == null;
    if (!compatible || !kept) {
      return 0;
    }
    float[] firstA = first.embed(a);
    float[] firstB = first.embed(b);
    return judge
        .judge(
            a,
            b,
            sameDay(pair),
            Vectors.dot(firstA, firstB),
            () -> Vectors.dot(second.embed(a), second.embed(b)))
        .score();
  }

  private static boolean bothEmpty(JsonNode pair) {
    return isEmpty(pair.path("context_a")) && isEmpty(pair.path("context_b"));
  }

  private static boolean isEmpty(JsonNode context) {
    return context.isMissingNode()
        || context.isNull()
        || (context.isTextual()
            ? context.asText().isBlank()
            : context.isContainerNode() && context.isEmpty());
  }

  /** Times that are not given count as the same. */
  private static boolean sameDay(JsonNode pair) {
    LocalDate a = day(pair.path("asked_at_a"));
    LocalDate b = day(pair.path("asked_at_b"));
    return a == null || b == null || a.equals(b);
  }

  /** Reads seconds or milliseconds since the epoch, a date, or a date and time. */
  private static @Nullable LocalDate day(JsonNode time) {
    if (time.isNumber()) {
      long value = time.asLong();
      long seconds = value > 100_000_000_000L ? value / 1000 : value;
      return LocalDate.ofEpochDay(Math.floorDiv(seconds, 86_400));
    }
    String text = time.asText("");
    if (text.isBlank()) {
      return null;
    }
    try {
      if (text.length() <= 10) {
        return LocalDate.parse(text);
      }
      boolean zoned = text.endsWith("Z") || text.substring(10).matches(".*[+-]\\d\\d:?\\d\\d");
      return zoned
          ? OffsetDateTime.parse(text).withOffsetSameInstant(ZoneOffset.UTC).toLocalDate()
          : LocalDateTime.parse(text.replace(' ', 'T')).toLocalDate();
    } catch (DateTimeException unreadable) {
      throw new IllegalArgumentException(
          "asked_at: " + text + " (expected: a date, or a date and time as in ISO 8601)",
          unreadable);
    }
  }

  @Override
  public void close() {
    first.close();
    second.close();
  }
}

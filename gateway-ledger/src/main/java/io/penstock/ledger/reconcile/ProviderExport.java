package io.penstock.ledger.reconcile;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.price.NanoUsd;
import io.penstock.ledger.report.Csv;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the exports of providers. Costs of one line are rounded to nano-USD, half up. */
public final class ProviderExport {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

  /** FOCUS's column. */
  private static final String CURRENCY = "BillingCurrency";

  private ProviderExport() {}

  /**
   * Which columns of a CSV mean what; a null column is not there.
   *
   * @param day a date or a date-time of which the first ten characters are the day
   * @param cost USD
   */
  public record Columns(
      String day,
      @Nullable String model,
      @Nullable String key,
      @Nullable String inputTokens,
      @Nullable String outputTokens,
      @Nullable String cost) {
    /** A FOCUS file: costs only, the model is the SKU's. */
    public static final Columns FOCUS =
        new Columns("ChargePeriodStart", "SkuId", "SubAccountId", null, null, "BilledCost");
  }

  /**
   * Reads a CSV with a head.
   *
   * @throws IllegalArgumentException when a column or a value is not as expected; names the line
   */
  public static List<ProviderLine> csv(String text, Columns columns) {
    List<List<String>> records = Csv.parse(text);
    if (records.isEmpty()) {
      throw new IllegalArgumentException("the file is empty (expected: a head line)");
    }
    List<String> head = records.getFirst();
    List<ProviderLine> lines = new ArrayList<>();
    for (int i = 1; i < records.size(); i++) {
      Fields fields = new Fields(i + 1, head, records.get(i));
      if (head.contains(CURRENCY)) {
        requireUsd("line " + (i + 1) + ": " + CURRENCY, fields.text(CURRENCY));
      }
      String cost = fields.of(columns.cost());
      lines.add(
          new ProviderLine(
              fields.day(columns.day()),
              model(fields.text(columns.model())),
              fields.text(columns.key()),
              fields.count(columns.inputTokens()),
              fields.count(columns.outputTokens()),
              cost == null || cost.isBlank() ? ProviderLine.NO_COST : fields.usd(cost)));
    }
    return lines;
  }

  /** Returns the model of {@code provider/model/meter} as in our own SKU ids, else the text. */
  private static String model(String text) {
    String[] parts = text.split("/");
    return parts.length == 3 ? parts[1] : text;
  }

  /**
   * Reads the JSON of OpenAI's usage and costs endpoints ({@code /v1/organization/usage/*}, {@code
   * /v1/organization/costs}): pages as they come, or an array of pages.
   */
  public static List<ProviderLine> openai(String json) {
    List<ProviderLine> lines = new ArrayList<>();
    for (JsonNode bucket : buckets(json)) {
      LocalDate day = epochDay(bucket.path("start_time").asLong());
      for (JsonNode result : bucket.path("results")) {
        boolean cost = result.has("amount");
        lines.add(
            new ProviderLine(
                day,
                cost ? item(text(result, "line_item")) : text(result, "model"),
                text(result, result.hasNonNull("api_key_id") ? "api_key_id" : "project_id"),
                cost ? -1 : result.path("input_tokens").asLong(),
                cost ? -1 : result.path("output_tokens").asLong(),
                cost ? usd(result.path("amount"), "value", 0) : ProviderLine.NO_COST));
      }
    }
    return lines;
  }

  /**
   * Reads the JSON of Anthropic's usage and cost reports ({@code
   * /v1/organizations/usage_report/messages}, {@code /cost_report}; amounts there are cents).
   */
  public static List<ProviderLine> anthropic(String json) {
    List<ProviderLine> lines = new ArrayList<>();
    for (JsonNode bucket : buckets(json)) {
      LocalDate day = day(bucket.path("starting_at").asText());
      for (JsonNode result : bucket.path("results")) {
        boolean cost = result.has("amount");
        JsonNode writes = result.path("cache_creation");
        long input =
            result.path("uncached_input_tokens").asLong()
                + result.path("cache_read_input_tokens").asLong()
                + writes.path("ephemeral_5m_input_tokens").asLong()
                + writes.path("ephemeral_1h_input_tokens").asLong();
        lines.add(
            new ProviderLine(
                day,
                text(result, "model"),
                text(result, result.hasNonNull("api_key_id") ? "api_key_id" : "workspace_id"),
                cost ? -1 : input,
                cost ? -1 : result.path("output_tokens").asLong(),
                cost ? usd(result, "amount", 2) : ProviderLine.NO_COST));
      }
    }
    return lines;
  }

  private static List<JsonNode> buckets(String json) {
    try {
      JsonNode root = JSON.readTree(json);
      List<JsonNode> buckets = new ArrayList<>();
      boolean more = false;
      for (JsonNode page : root.isArray() ? root : List.of(root)) {
        if (!page.path("data").isArray()) {
          throw new IllegalArgumentException("no member \"data\" (expected: pages of the export)");
        }
        page.path("data").forEach(buckets::add);
        more = page.path("has_more").asBoolean();
      }
      if (more) { // what is missing would be taken for calls that nobody billed
        throw new IllegalArgumentException(
            "the last page has has_more: true (expected: an array of all pages)");
      }
      return buckets;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not JSON: " + e.getOriginalMessage(), e);
    }
  }

  private static String text(JsonNode node, String member) {
    JsonNode value = node.path(member);
    return value.isTextual() ? value.asText() : "";
  }

  /** Returns the model of a line item such as {@code gpt-4o-2024-08-06, cached input}. */
  private static String item(String text) {
    int comma = text.indexOf(", ");
    return comma < 0 ? text : text.substring(0, comma);
  }

  /** Returns a member that is an amount; what it is an amount of stands beside it. */
  private static long usd(JsonNode node, String member, int places) {
    requireUsd("currency", text(node, "currency"));
    return NanoUsd.round(new BigDecimal(node.path(member).asText()).movePointLeft(places));
  }

  private static void requireUsd(String name, String currency) {
    if (!currency.isEmpty() && !currency.equalsIgnoreCase("USD")) {
      throw new IllegalArgumentException(
          name + ": " + currency + " (expected: USD, which the ledger is in)");
    }
  }

  private static LocalDate epochDay(long seconds) {
    return LocalDate.ofInstant(Instant.ofEpochSecond(seconds), ZoneOffset.UTC);
  }

  private static LocalDate day(String text) {
    return LocalDate.parse(text.substring(0, Math.min(10, text.length())));
  }

  private record Fields(int line, List<String> head, List<String> record) {
    @Nullable String of(@Nullable String column) {
      if (column == null) {
        return null;
      }
      int at = head.indexOf(column);
      if (at < 0 || at >= record.size()) {
        throw new IllegalArgumentException(
            "line " + line + ": no column " + column + " (expected: one of " + head + ")");
      }
      return record.get(at);
    }

    String text(@Nullable String column) {
      String value = of(column);
      return value == null ? "" : value;
    }

    LocalDate day(String column) {
      String value = text(column);
      try {
        return ProviderExport.day(value);
      } catch (DateTimeException e) {
        throw new IllegalArgumentException(
            "line " + line + ": " + column + ": " + value + " (expected: YYYY-MM-DD)", e);
      }
    }

    long count(@Nullable String column) {
      String value = of(column);
      return value == null || value.isBlank() ? -1 : number(value).longValue();
    }

    long usd(String value) {
      return NanoUsd.round(number(value));
    }

    private BigDecimal number(String value) {
      try {
        return new BigDecimal(value.strip());
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            "line " + line + ": " + value + " (expected: a decimal number)", e);
      }
    }
  }

  /** Returns our names of models and keys for the provider's, where they differ. */
  static String ours(Map<String, String> names, String theirs) {
    return names.getOrDefault(theirs, theirs);
  }
}

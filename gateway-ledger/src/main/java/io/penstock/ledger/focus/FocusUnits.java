package io.penstock.ledger.focus;

import io.penstock.core.price.Meter;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Set;

/** Names of meters and units in the words of the specification, and how exact numbers are. */
final class FocusUnits {
  /** Digits after the point of every number, as decimal(38,17) has them. */
  static final int SCALE = 17;

  static final String GENERATIVE = "Generative AI";

  private static final Set<String> VECTORS =
      Set.of("embeddings", "embed_content", "batch_embed_contents", "rerank");

  private FocusUnits() {}

  /** Returns the subcategory of what an endpoint does. */
  static String subcategory(String endpoint) {
    return VECTORS.contains(endpoint) ? "Machine Learning" : GENERATIVE;
  }

  static BigDecimal scaled(BigDecimal number) {
    return number.scale() <= SCALE ? number : number.setScale(SCALE, RoundingMode.HALF_EVEN);
  }

  /** Returns quantity / per: exact, as per divides a power of ten, unless it is 3,600 seconds. */
  static BigDecimal units(long quantity, int per) {
    return BigDecimal.valueOf(quantity)
        .divide(BigDecimal.valueOf(per), SCALE, RoundingMode.HALF_EVEN)
        .stripTrailingZeros();
  }

  static String unit(Meter meter) {
    return switch (meter.unit()) {
      case TOKEN -> "Tokens";
      case REQUEST -> "Requests";
      case CALL -> "Calls";
      case QUERY -> "Queries";
      case PAGE -> "Pages";
      case SECOND -> "Seconds";
      case CHARACTER -> "Characters";
      case IMAGE -> "Images";
      case MESSAGE -> "Messages";
    };
  }

  static String meter(Meter meter) {
    return switch (meter) {
      case INPUT -> "Input Tokens";
      case OUTPUT -> "Output Tokens";
      case CACHE_READ -> "Cached Input Tokens";
      case CACHE_WRITE -> "Cache Write Tokens 5m";
      case CACHE_WRITE_1H -> "Cache Write Tokens 1h";
      case OUTPUT_REASONING -> "Reasoning Tokens";
      default -> title(meter.label()) + (meter.isTokens() ? " Tokens" : "");
    };
  }

  private static String title(String label) {
    StringBuilder title = new StringBuilder();
    for (String word : label.split("_")) {
      title
          .append(title.isEmpty() ? "" : " ")
          .append(word.substring(0, 1).toUpperCase(Locale.ROOT))
          .append(word.substring(1));
    }
    return title.toString();
  }
}

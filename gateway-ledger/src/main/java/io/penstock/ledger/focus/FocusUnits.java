package io.penstock.ledger.focus;

import io.penstock.core.price.Meter;
import java.util.Locale;

/** Names of meters and units in the words of the specification. */
final class FocusUnits {
  private FocusUnits() {}

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

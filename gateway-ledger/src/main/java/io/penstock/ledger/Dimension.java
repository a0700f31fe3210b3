package io.penstock.ledger;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The dimensions that every roll-up has, with their columns, and those that only rows have. */
enum Dimension {
  TEAM("team", true, row -> row.caller().team()),
  APP("app", true, row -> row.caller().app()),
  USER("usr", true, row -> row.caller().user()),
  KEY("key_id", true, row -> row.caller().key()),
  MODEL("model", true, row -> row.destination().model()),
  PROVIDER("provider", true, row -> row.destination().provider()),
  ENDPOINT("endpoint", true, row -> row.destination().endpoint()),
  ROUTE("route", true, row -> row.destination().route()),
  STATUS("status", true, row -> Integer.toString(row.outcome().status())),
  CACHE("cache", true, row -> label(row.outcome().cache())),
  CAUSE("cause", true, row -> label(row.attempt().cause())),
  WASTE("waste", true, row -> label(row.outcome().waste())),
  END_USER("end_user", false, row -> row.caller().endUser()),
  SESSION("session", false, row -> row.caller().session());

  /** Those that every roll-up has. */
  static final List<Dimension> ROLLED =
      List.of(values()).stream().filter(dimension -> dimension.rolled).toList();

  private static final ClassValue<String[]> LABELS =
      new ClassValue<>() {
        @Override
        protected String[] computeValue(Class<?> type) {
          return Stream.of(type.getEnumConstants())
              .map(value -> ((Enum<?>) value).name().toLowerCase(Locale.ROOT))
              .toArray(String[]::new);
        }
      };

  private static final Map<String, Dimension> BY_NAME =
      List.of(values()).stream()
          .collect(Collectors.toUnmodifiableMap(dimension -> dimension.label(), d -> d));

  private final String column;
  private final boolean rolled;

  @SuppressWarnings("ImmutableEnumChecker") // a method reference without state
  private final Function<LedgerRow, String> value;

  Dimension(String column, boolean rolled, Function<LedgerRow, String> value) {
    this.column = column;
    this.rolled = rolled;
    this.value = value;
  }

  String column() {
    return column;
  }

  String of(LedgerRow row) {
    return value.apply(row);
  }

  /** Returns the name in {@code --by}. */
  String label() {
    return label(this);
  }

  static @Nullable Dimension named(String name) {
    return BY_NAME.get(name);
  }

  static String label(Enum<?> value) {
    return LABELS.get(value.getDeclaringClass())[value.ordinal()];
  }

  /** Returns the value of a further roll-up dimension: end_user, session or metadata.NAME. */
  static String extra(String name, LedgerRow row) {
    Dimension known = named(name);
    if (known != null) {
      return known.of(row);
    }
    return row.caller().metadata().getOrDefault(name.substring("metadata.".length()), "");
  }
}

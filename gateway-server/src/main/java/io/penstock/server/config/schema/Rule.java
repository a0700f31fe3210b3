package io.penstock.server.config.schema;

import io.penstock.budget.RedisState;
import io.penstock.ledger.LedgerOptions;
import io.penstock.server.config.value.SecretUrl;
import io.penstock.server.config.value.Share;
import io.penstock.server.config.value.Size;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

/**
 * What one value must be, whatever stands beside it: told of every value that could be read, also
 * in an entry with another mistake. What several keys say together is the records' own.
 */
public enum Rule {
  NONE((value, faults) -> {}),
  LEDGER_URL(
      each(
          SecretUrl.class,
          url -> LedgerOptions.isAddress(url.reveal()),
          "sqlite:FILE or jdbc:postgresql://host/db, any special character percent-encoded")),
  REDIS(
      each(
          SecretUrl.class,
          url -> RedisState.isAddress(url.reveal()),
          "redis://, rediss:// or redis-sentinel:// with host and port, a password"
              + " percent-encoded")),
  /** The name of a dimension in {@code rollup}. */
  ROLLUP(each(String.class, Rule::isMetadata, "metadata.NAME")),
  PER(Subjects::check),
  ALERTS(ValueRules::alerts),
  WEBHOOK(ValueRules::webhook),
  /** Names of metadata that requests carry or keys fix: the header takes no others. */
  METADATA_NAMES(ValueRules::metadataNames),
  DENY(ValueRules::deny),
  HEADERS(HeaderRules::check),
  SET(ValueRules::settings),
  WEIGHT(each(Integer.class, weight -> weight >= 0, "0 or more")),
  ATTEMPTS(each(Integer.class, number -> number >= 0 && number <= 10, "0 to 10")),
  UNIT(each(Double.class, number -> number >= 0 && number <= 1, "0 to 1")),
  FALLBACK_ON(
      each(
          String.class,
          cause -> cause.matches("[45][0-9]{2}|[45]xx|timeout|context_length"),
          "a status such as 429, 4xx, 5xx, timeout or context_length")),
  /** A part that cannot be more than the whole. */
  PART(each(Share.class, share -> share.value() <= 1, "0% to 100%")),
  /** The same, but some of it. */
  SOME(each(Share.class, share -> share.value() > 0 && share.value() <= 1, "above 0%, to 100%")),
  DISCOUNTS(each(Share.class, share -> share.value() <= 1, "at most 100%")),
  BODY(each(Size.class, size -> size.bytes() <= 1L << 30, "at most 1GiB")),
  HEAD(each(Size.class, size -> size.bytes() <= 16L << 20, "at most 16MiB")),
  CONTENT(each(Size.class, size -> size.bytes() <= 4L << 20, "at most 4MiB")),
  REDACT(ValueRules::redact),
  SERVICE_ACCOUNT(CredentialRules::serviceAccount),
  OTLP(
      each(
          SecretUrl.class,
          url -> url.reveal().isEmpty() || ValueRules.isHttp(url),
          "http://collector:4318, without a user or password: they would not be sent")),
  /** A file, or an address that rows are posted to. */
  REQUESTS(
      each(
          SecretUrl.class,
          url -> !url.scheme().startsWith("http") || ValueRules.isHttp(url),
          "a file or a webhook, without a user or password: they would not be sent")),
  /** What the counters of a rate take. */
  RATE(each(Long.class, number -> number <= 1_000_000_000_000L, "at most 1000000000000")),
  DENY_AT(
      each(
          Share.class,
          share -> share.isWhole() && share.value() > 1,
          "whole percents above 100%, or left out"));

  /** Takes what is wrong with a value. */
  @FunctionalInterface
  public interface Faults {
    /**
     * Adds a fault.
     *
     * @param segment the index or name of the element at fault, "" for the value itself
     * @param value what it says; never a secret
     */
    void add(Object segment, String value, String expected);

    /** Returns where the element of that index stands in the file's list. */
    default int place(int index) {
      return index;
    }
  }

  @SuppressWarnings("ImmutableEnumChecker") // functions without state
  private final BiConsumer<Object, Faults> check;

  Rule(BiConsumer<Object, Faults> check) {
    this.check = check;
  }

  /** Names everything that is wrong with the value. */
  public void check(Object value, Faults faults) {
    check.accept(value, faults);
  }

  private static boolean isMetadata(String dimension) {
    return dimension.startsWith("metadata.") && dimension.length() > "metadata.".length();
  }

  /** Looks at a value, or at each element of a list or mapping of such values. */
  private static <T> BiConsumer<Object, Faults> each(
      Class<T> type, Predicate<T> holds, String expected) {
    return (value, faults) -> {
      switch (value) {
        case List<?> list -> {
          for (int i = 0; i < list.size(); i++) {
            single(type.cast(list.get(i)), i, holds, expected, faults);
          }
        }
        case Map<?, ?> map ->
            map.forEach((name, element) ->
                single(type.cast(element), String.valueOf(name), holds, expected, faults));
        default -> single(type.cast(value), "", holds, expected, faults);
      }
    };
  }

  private static <T> void single(
      T value, Object segment, Predicate<T> holds, String expected, Faults faults) {
    if (!holds.test(value)) {
      faults.add(segment, value.toString(), expected);
    }
  }
}

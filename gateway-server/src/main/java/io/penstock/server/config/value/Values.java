package io.penstock.server.config.value;

import io.penstock.core.price.NanoUsd;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Texts of the configuration as values, and back. Pure functions; a text that does not parse is an
 * {@link IllegalArgumentException} whose message is not shown: the type says what was expected.
 */
public final class Values {
  /** What {@code forever} means: 292 years, so that no unit of it overflows. */
  static final Duration FOREVER = Duration.ofNanos(Long.MAX_VALUE);

  private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m|h|d)");
  private static final Pattern MONEY =
      Pattern.compile("\\$ ?([0-9]{1,12}(?:\\.[0-9]{1,9})?)|([0-9]{1,12}(?:\\.[0-9]{1,9})?) ?USD");
  private static final Pattern TOKENS =
      Pattern.compile("([0-9]{1,15}(?:\\.[0-9]{1,9})?)([kMB]?) tokens?");
  private static final Pattern SIZE = Pattern.compile("([0-9]{1,15}) ?([kKMGT]i?B|B)");
  private static final Pattern SHARE = Pattern.compile("([0-9]{1,6}(?:\\.[0-9]{1,9})?) ?%");
  private static final Pattern PERCENTILE = Pattern.compile("p(95)");
  private static final Map<String, Long> TOKEN_UNITS =
      Map.of("", 1L, "k", 1_000L, "M", 1_000_000L, "B", 1_000_000_000L);
  private static final long MAX_TOKENS = 1_000_000_000_000_000L;
  private static final String MOST_MONEY = "at most 9000000000 USD";
  private static final String MOST_TOKENS = "at most 1000000000M tokens";

  private Values() {}

  /** Returns an unmodifiable copy in the same order. */
  public static <V> Map<String, V> copy(Map<String, V> map) {
    return Collections.unmodifiableMap(new LinkedHashMap<>(map));
  }

  /** Returns the word of an enum constant as it is written in the file. */
  public static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  /** Refuses a number outside 0 to 1. */
  public static void requireUnit(String key, @Nullable Double value) {
    if (value != null && !(value >= 0 && value <= 1)) {
      throw new InvalidValue(key, value.toString(), "0 to 1");
    }
  }

  public static Duration duration(String text) {
    if (text.equals("forever")) {
      return FOREVER;
    }
    Matcher matcher = match(DURATION, text);
    long number = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "ms" -> Duration.ofMillis(number);
      case "s" -> Duration.ofSeconds(number);
      case "m" -> Duration.ofMinutes(number);
      case "h" -> Duration.ofHours(number);
      default -> number > 36_500 ? FOREVER : Duration.ofDays(number);
    };
  }

  /** Returns the duration as it would be written, in its largest whole unit. */
  public static String format(Duration duration) {
    if (duration.equals(FOREVER)) {
      return "forever";
    }
    long millis = duration.toMillis();
    if (millis % 1000 != 0 || millis == 0) {
      return millis == 0 ? "0s" : millis + "ms";
    }
    long seconds = millis / 1000;
    if (seconds % 86_400 == 0) {
      return seconds / 86_400 + "d";
    }
    if (seconds % 3_600 == 0) {
      return seconds / 3_600 + "h";
    }
    return seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
  }

  public static Limit.Money money(String text) {
    Matcher matcher = match(MONEY, text);
    String number = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
    BigDecimal nanos = new BigDecimal(number).movePointRight(9);
    return new Limit.Money(bounded(text, nanos, NanoUsd.MAX, MOST_MONEY));
  }

  public static Limit limit(String text) {
    Matcher tokens = TOKENS.matcher(text);
    if (!tokens.matches()) {
      return money(text);
    }
    BigDecimal unit = BigDecimal.valueOf(TOKEN_UNITS.getOrDefault(tokens.group(2), 1L));
    BigDecimal count = new BigDecimal(tokens.group(1)).multiply(unit);
    return new Limit.Tokens(bounded(text, count, MAX_TOKENS, MOST_TOKENS));
  }

  public static Size size(String text) {
    Matcher matcher = match(SIZE, text);
    String unit = matcher.group(2);
    long base = unit.length() == 3 ? 1024 : 1000;
    int power = "B".equals(unit) ? 0 : " KMGT".indexOf(Character.toUpperCase(unit.charAt(0)));
    long bytes = Long.parseLong(matcher.group(1));
    for (int i = 0; i < power; i++) {
      bytes = Math.multiplyExact(bytes, base);
    }
    return new Size(bytes);
  }

  public static Share share(String text) {
    return new Share(new BigDecimal(match(SHARE, text).group(1)).movePointLeft(2));
  }

  public static HedgeDelay hedgeDelay(String text) {
    Matcher matcher = PERCENTILE.matcher(text);
    return matcher.matches()
        ? new HedgeDelay.Percentile(Integer.parseInt(matcher.group(1)))
        : new HedgeDelay.Fixed(duration(text));
  }

  public static HostPort hostPort(String text) {
    int colon = text.lastIndexOf(':');
    String host = text.substring(0, Math.max(colon, 0));
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    } else if (colon < 0 || host.indexOf(':') >= 0) {
      throw new IllegalArgumentException("no port");
    }
    int port = Integer.parseInt(text.substring(colon + 1));
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("port");
    }
    return new HostPort(host.isEmpty() ? "0.0.0.0" : host, port);
  }

  /** A day means until it is over, in UTC. */
  public static Instant expiry(String text) {
    return text.length() == "2027-12-31".length()
        ? LocalDate.parse(text).plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant()
        : Instant.parse(text);
  }

  private static long bounded(String text, BigDecimal value, long max, String most) {
    if (value.compareTo(BigDecimal.valueOf(max)) > 0) {
      throw new InvalidValue("", text, most);
    }
    try {
      return value.longValueExact();
    } catch (ArithmeticException e) {
      throw new InvalidValue("", text, "whole nano-USD (0.000000001 USD), or whole tokens");
    }
  }

  private static Matcher match(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("does not match");
    }
    return matcher;
  }
}

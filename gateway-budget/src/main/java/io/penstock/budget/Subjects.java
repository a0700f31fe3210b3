package io.penstock.budget;

import io.penstock.core.rule.Facts;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Whom a counter counts: values of dimensions, taken from the facts of a request. */
final class Subjects {
  /** The subject of what is absent: one shared counter, so that leaving it out dodges nothing. */
  static final String NONE = "(none)";

  /** How the key of a caller begins who came with a token. */
  private static final String TOKENS = "jwt:";

  /** Longer subjects are replaced by a hash. UTF-16 units. */
  static final int LONGEST = 128;

  private static final Pattern HASH = Pattern.compile("sha256:[0-9a-f]{32}");

  private static final Pattern DOUBTFUL = Pattern.compile("^/|/$| /|/ |//");

  private static final Set<String> NAMES =
      Set.of("team", "app", "user", "end_user", "key", "model", "provider", "session");

  private Subjects() {}

  static boolean isKnown(String dimension) {
    return NAMES.contains(dimension)
        || (dimension.startsWith("metadata.") && dimension.length() > "metadata.".length());
  }

  static boolean dependOnTarget(List<String> per) {
    return per.contains("model") || per.contains("provider");
  }

  /** Returns the subject, "" for a shared counter; allocates only for several dimensions. */
  static String of(List<String> per, Facts facts) {
    if (per.isEmpty()) {
      return "";
    }
    if (per.size() == 1) {
      return value(per.get(0), facts);
    }
    StringBuilder all = new StringBuilder();
    for (int i = 0; i < per.size(); i++) {
      if (i > 0) {
        all.append(" / ");
      }
      all.append(besideOthers(value(per.get(i), facts)));
    }
    return shorten(all.toString());
  }

  /**
   * Returns a value as no other looks and no two values do: all its slashes are doubled where one
   * stands at an end, beside a space or beside another.
   */
  private static String besideOthers(String value) {
    return value.indexOf('/') >= 0 && DOUBTFUL.matcher(value).find()
        ? value.replace("/", "//")
        : value;
  }

  /**
   * Returns whether a request can have this subject: as many values as dimensions, none of them
   * empty, or the hash of a long one; no control character.
   */
  static boolean fits(List<String> per, String subject) {
    if (subject.chars().anyMatch(Character::isISOControl)) {
      return false;
    }
    if (per.size() < 2) {
      return per.isEmpty() == subject.isEmpty();
    }
    // The " // " in a value is not one: what parts values has no other slash beside it.
    String[] values = subject.split(" / ", -1);
    return HASH.matcher(subject).matches()
        || (values.length == per.size() && Arrays.stream(values).noneMatch(String::isBlank));
  }

  /** Returns the subject that a request has of which somebody says this. */
  static String said(List<String> per, String subject) {
    if (per.size() < 2) {
      return shorten(subject);
    }
    return shorten(
        Arrays.stream(subject.split(" / ", -1))
            .map(Subjects::shorten)
            .collect(Collectors.joining(" / ")));
  }

  private static String value(String dimension, Facts facts) {
    String value =
        switch (dimension) {
          case "team" -> facts.team();
          case "app" -> facts.app();
          case "user" -> facts.user();
          case "end_user" -> facts.endUser();
          case "key" -> key(facts);
          case "model" -> facts.target();
          case "provider" -> facts.provider();
          case "session" -> facts.session();
          default -> facts.metadata().getOrDefault(dimension.substring("metadata.".length()), "");
        };
    return value.isEmpty() ? NONE : shorten(value);
  }

  /**
   * All tokens of an issuer have its name for a key: there the one for whom it was issued counts,
   * as the cache and {@code /v1/usage} have it. Names with slashes are written so that no two
   * people look the same.
   */
  private static String key(Facts facts) {
    String key = facts.key();
    if (!key.startsWith(TOKENS)) {
      return key;
    }
    String person = facts.user().isEmpty() ? NONE : besideOthers(facts.user());
    return key + " / " + besideOthers(facts.team()) + " / " + person;
  }

  static String shorten(String value) {
    if (value.length() <= LONGEST) {
      return value;
    }
    byte[] hash = sha256().digest(value.getBytes(StandardCharsets.UTF_8));
    return "sha256:" + HexFormat.of().formatHex(hash, 0, 16);
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}

package io.penstock.server.content;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Takes secrets and personal data out of texts: keys, tokens, passwords, private keys, e-mail
 * addresses, payment cards, and what the operator names. Built-in patterns have bounded repeats and
 * none inside another; the operator's run in RE2, whose time is linear. Immutable.
 */
final class Redactor {
  static final String SECRET = "[secret]";

  /** Shorter texts are no secrets, and would blank out half of every prompt. */
  private static final int SHORTEST_SECRET = 6;

  /**
   * A pattern.
   *
   * @param hint in every text that it matches, "" for none: most texts are passed over by it
   */
  private record Rule(String hint, Pattern pattern, Function<MatchResult, String> by) {
    static Rule of(String hint, String regex, String by) {
      return new Rule(hint, Pattern.compile(regex), match -> by);
    }

    String apply(String text) {
      return hint.isEmpty() || text.contains(hint)
          ? pattern.matcher(text).replaceAll(match -> Matcher.quoteReplacement(by.apply(match)))
          : text;
    }
  }

  /** In this order: what is inside another comes after it. */
  private static final List<Rule> RULES =
      List.of(
          Rule.of(
              "-----BEGIN",
              "(?s)-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?"
                  + "(-----END [A-Z ]{0,40}PRIVATE KEY-----|\\z)",
              "[private key]"),
          Rule.of("eyJ", "\\beyJ[\\w-]{8,}\\.[\\w-]{8,}(\\.[\\w-]*)?", "[token]"),
          Rule.of("-", "\\b[spr]k-[\\w-]{8,}", "[key]"),
          Rule.of("k_", "\\b[spr]k_(live|test)_\\w{8,}", "[key]"),
          Rule.of("A", "\\b(AKIA|ASIA)[A-Z0-9]{16}\\b", "[key]"),
          Rule.of("AIza", "\\bAIza[\\w-]{30,}", "[key]"),
          Rule.of("_", "\\b(gh[pousr]_|github_pat_|hf_|gsk_|npm_|pypi_)\\w{16,}", "[key]"),
          Rule.of("-", "\\b(xox[abeprs]|glpat|pplx|nvapi)-[\\w-]{10,}", "[key]"),
          Rule.of("ya29.", "\\bya29\\.[\\w-]{20,}", "[token]"),
          new Rule(
              "",
              Pattern.compile("(?i)\\b(bearer|basic)(\\s{1,4})(?=\\S{0,200}\\d)[\\w.~+/=-]{12,}"),
              match -> match.group(1) + " [token]"),
          new Rule(
              "",
              Pattern.compile(
                  "(?i)\\b(password|passwd|pwd|secret|api[_-]?key|access[_-]?token)"
                      + "(\\\\?[\"']?\\s{0,4}[:=]\\s{0,4}\\\\?[\"']?)[^\\s\"'\\\\,;}]{4,}"),
              match -> match.group(1) + match.group(2) + SECRET),
          Rule.of(
              "@",
              "(?<![\\w.%+-])[\\w.%+-]{1,64}@[A-Za-z0-9-]{1,63}(\\.[A-Za-z0-9-]{1,63}){1,8}",
              "[e-mail]"),
          new Rule(
              "",
              Pattern.compile("(?<![\\d.])\\d([ -]?\\d){12,18}(?!\\d)"),
              match -> isCard(match.group()) ? "[card]" : match.group()));

  private final List<com.google.re2j.Pattern> further;

  Redactor(List<String> patterns) {
    this.further = patterns.stream().map(com.google.re2j.Pattern::compile).toList();
  }

  /** Returns what redacts the texts of a call: these very secrets too. */
  Texts with(List<String> secrets, String credential) {
    List<String> words = new ArrayList<>();
    Stream.concat(secrets.stream(), Stream.of(credential))
        .filter(secret -> secret.length() >= SHORTEST_SECRET)
        .forEach(words::add);
    return text -> redact(text, words);
  }

  private String redact(String text, List<String> words) {
    String redacted = text;
    for (String word : words) {
      redacted = redacted.contains(word) ? redacted.replace(word, SECRET) : redacted;
    }
    for (Rule rule : RULES) {
      redacted = rule.apply(redacted);
    }
    for (com.google.re2j.Pattern pattern : further) {
      redacted = pattern.matcher(redacted).replaceAll("[redacted]");
    }
    return redacted;
  }

  /** Returns whether the digits have the check digit of payment cards (Luhn). */
  private static boolean isCard(String number) {
    int sum = 0;
    boolean twice = false;
    for (int i = number.length() - 1; i >= 0; i--) {
      int digit = number.charAt(i) - '0';
      if (digit >= 0 && digit <= 9) {
        int value = twice ? digit * 2 : digit;
        sum += value > 9 ? value - 9 : value;
        twice = !twice;
      }
    }
    return sum % 10 == 0;
  }

  /** Redacts a text. */
  @FunctionalInterface
  interface Texts {
    String redact(String text);
  }
}

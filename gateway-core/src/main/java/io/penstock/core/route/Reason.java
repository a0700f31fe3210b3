package io.penstock.core.route;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The words that say why a target was asked, in headers and in the ledger, and what is read out of
 * them again: who writes one and who reads it agree here. Names and conditions of the configuration
 * may stand in them too. Stateless.
 */
public final class Reason {
  private static final String HEADER = "header, ";
  private static final String BUDGET = "budget ";
  private static final String PRIORITY = "priority[";
  private static final String COMPLEXITY = "complexity ";

  /** What stands between the words of a route and those of one inside it. */
  private static final String THEN = ", ";

  private static final Pattern LATER = Pattern.compile("(?:^|, )priority\\[[1-9]\\d*\\](?:$|[, ])");
  private static final Pattern SCORE = Pattern.compile("(?:^|, )complexity ([01]\\.\\d\\d) -> ");

  private Reason() {}

  /** Returns that of a target by its place in a list by priority, from 0. */
  static String priority(int place) {
    return PRIORITY + place + "]";
  }

  /** Returns that of the target that a score leads to. */
  static String complexity(double score, String target) {
    return String.format(Locale.ROOT, "%s%.2f -> %s", COMPLEXITY, score, target);
  }

  /** Returns that of a rule's target. No part of the condition reads as the words of a route. */
  static String rule(int place, String condition) {
    return "rule[" + place + "] " + condition.replace(THEN, ",");
  }

  /** Returns that of a target to which a budget sent the call. */
  public static String budget(String name) {
    return BUDGET + name;
  }

  /** Returns the route's reason for a call whose client named the route in a header. */
  public static String byHeader(String reason) {
    return HEADER + reason;
  }

  /** Returns whether the client named the route in a header. */
  public static boolean isByHeader(String reason) {
    return reason.startsWith(HEADER);
  }

  /** Returns whether a list by priority came to a later target than its first. */
  public static boolean isPassedOver(String reason) {
    return !reason.startsWith(BUDGET) && LATER.matcher(reason).find();
  }

  /** Returns the score by which a target was chosen; NaN when none was. */
  public static double score(String reason) {
    Matcher matcher = SCORE.matcher(reason);
    return !reason.startsWith(BUDGET) && matcher.find()
        ? Double.parseDouble(matcher.group(1))
        : Double.NaN;
  }
}

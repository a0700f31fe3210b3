package io.penstock.cache.semantic;

import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Questions whose answers do not keep, are one person's, or are edits of the text itself. */
final class BypassText {
  /** True only at the moment of asking. */
  private static final Pattern LIVE =
      Pattern.compile(
          "\\b(?:right now|at the moment|as of (?:now|today)|up to date|so far"
              + " (?:today|this)|latest"
              + " (?:news|version|release|score|price|update|results?|data)|breaking"
              + " news|(?:what|which) (?:time|day|date) is it|what(?:'s| is) the (?:time|date)(?:"
              + " now| today)?\\W*$|current time|weather"
              + " (?:in|for|today|tomorrow|like|this)|(?:the|weather) forecast|temperature"
              + " (?:outside|today|in)|(?:stock|share|bitcoin|gold|oil|gas) price|price of"
              + " (?:bitcoin|gold|oil|gas|ethereum)|stock market|who is winning|live score|is"
              + " .{1,40} (?:down|open|online|live) (?:now|today)|traffic (?:now|on|in))\\b");

  /** True for a while: only for those who ask on the same day. */
  private static final Pattern DATED =
      Pattern.compile(
          "\\b(?:today|tonight|tomorrow|yesterday|now|nowadays|currently|current|latest|newest|most"
              + " recent|recently|recent|so far|this"
              + " (?:morning|afternoon|evening|week|weekend|month|quarter|year"
              + "|season|spring|summer|fall|autumn|winter|semester)|(?:last|next|past|coming|upcoming)"
              + " (?:night|week|weekend|month|quarter|year|season|spring|summer|fall|autumn|winter"
              + "|semester|monday|tuesday|wednesday|thursday|friday|saturday|sunday)|(?:days?|weeks?|months?|years?|hours?)"
              + " (?:ago|from now|left|until)|how (?:long|many \\w+) (?:is|are) (?:it|there|left)"
              + " (?:left )?(?:until|till)|ago|upcoming|so far this)\\b");

  /** Answered from what belongs to one person. */
  private static final Pattern PERSONAL =
      Pattern.compile(
          "\\b(?:where(?:'s| is| are) my|status of my|track my|my"
              + " (?:order|delivery|package|parcel|balance"
              + "|invoice|bill|appointment|booking|reservation|subscription|account|ticket|claim|salary|name|email|password|address|flight|last|latest|recent)(?:"
              + " \\w+)? (?:status|number|date|history|arrive|due|id)|what(?:'s| is| are) my|do i"
              + " (?:have|owe)|have i|am i|did i|was i|how much do i|who am i|my"
              + " (?:balance|order|delivery|parcel|package)\\b)");

  private static final Pattern EDIT =
      Pattern.compile(
          "```|\\b(?:refactor|rewrite|fix|debug|edit|change|modify|complete|proofread|translate|summari[sz]e)"
              + " (?:this|the following|the above|these)\\b|\\b(?:following|this)"
              + " (?:code|text|function|snippet|paragraph|email)\\b");

  private BypassText() {}

  /**
   * Returns why the question is not for this layer, or null.
   *
   * @param onePerson whether the scope is one user, who may be told what is theirs
   */
  static @Nullable String check(String text, boolean onePerson) {
    String lower = text.toLowerCase(Locale.ROOT).replace('\u2019', '\'');
    if (LIVE.matcher(lower).find()) {
      return "time";
    }
    if (EDIT.matcher(lower).find()) {
      return "edit";
    }
    return !onePerson && PERSONAL.matcher(lower).find() ? "personal" : null;
  }

  /** Returns whether the answer holds for the day of asking only. */
  static boolean isDated(String text) {
    return DATED.matcher(text.toLowerCase(Locale.ROOT)).find();
  }
}

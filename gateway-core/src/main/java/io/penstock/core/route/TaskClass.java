package io.penstock.core.route;

import java.util.Locale;
import java.util.regex.Pattern;

/** The coarse class of a prompt, by its instruction: first match counts. */
public enum TaskClass {
  SUMMARISE("\\b(summari[sz]e|summary|tl;?dr|in (one|two|three|a few) sentences|key points)\\b"),
  TRANSLATE("\\b(translate|translation)\\b|\\binto (english|german|french|spanish|italian)\\b"),
  CLASSIFY("\\b(classify|categori[sz]e|label (the|this|each)|sentiment|which category)\\b"),
  EXTRACT("\\b(extract|list all|find all|pull out|parse (the|this)|as json)\\b"),
  CODE("```|\\b(function|class|python|java(script)?|sql|regex|stack ?trace|refactor|compile)\\b"),
  REASON(
      "\\b(prove|derive|calculate|solve|how many|how much|why|step by step|explain|analy[sz]e)\\b"),
  CHAT("");

  /** The instruction is at the beginning or at the end of a prompt. */
  private static final int WINDOW = 600;

  private final Pattern pattern;

  TaskClass(String words) {
    this.pattern = Pattern.compile(words);
  }

  /** Returns the name in conditions, such as {@code summarise}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns the class of a prompt. */
  public static TaskClass of(String prompt) {
    String text = prompt;
    if (text.length() > 2 * WINDOW) {
      text = text.substring(0, WINDOW) + '\n' + text.substring(text.length() - WINDOW);
    }
    text = text.toLowerCase(Locale.ROOT);
    for (TaskClass task : values()) {
      if (task.pattern.matcher(text).find()) {
        return task;
      }
    }
    return CHAT;
  }
}

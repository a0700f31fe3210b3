package io.penstock.server.command;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * Lines of budgets on a terminal. Subjects are what clients say: what would move the cursor, end a
 * line or turn the direction of text is shown as an escape. Columns are as wide as a portion needs,
 * so that a million lines need not be kept. Confined to one thread.
 */
final class BudgetTable {
  private static final int PORTION = 1000;
  private static final int TEXTS = 2;

  private final PrintWriter out;
  private final int[] widths = {24, 24, 16, 16, 16, 0};
  private final List<String[]> portion = new ArrayList<>();

  BudgetTable(PrintWriter out) {
    this.out = out;
    portion.add(new String[] {"BUDGET", "SUBJECT", "LIMIT", "SPENT", "HELD", "RESETS"});
  }

  /**
   * Adds a line.
   *
   * @param override its index, negative for none
   * @param figures limit, spent, held, when it resets
   */
  void add(String budget, int override, String subject, String... figures) {
    String[] line = new String[widths.length];
    line[0] = shown(override < 0 ? budget : budget + '[' + override + ']');
    line[1] = shown(subject);
    System.arraycopy(figures, 0, line, TEXTS, figures.length);
    portion.add(line);
    if (portion.size() > PORTION) {
      flush();
    }
  }

  /** Prints what was added. */
  void flush() {
    for (String[] line : portion) {
      for (int i = 0; i < line.length - 1; i++) {
        widths[i] = Math.max(widths[i], line[i].codePointCount(0, line[i].length()));
      }
    }
    for (String[] line : portion) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < line.length - 1; i++) {
        String gap = " ".repeat(widths[i] - line[i].codePointCount(0, line[i].length()));
        text.append(i < TEXTS ? line[i] + gap : gap + line[i]).append(' ');
      }
      out.println(text.append(' ').append(line[line.length - 1]));
    }
    portion.clear();
    out.flush();
  }

  /** Returns the text with {@code \\u} and four digits for what a terminal would act upon. */
  static String shown(String text) {
    StringBuilder shown = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (Character.getType(c)) {
        case Character.CONTROL,
            Character.FORMAT,
            Character.LINE_SEPARATOR,
            Character.PARAGRAPH_SEPARATOR ->
            shown.append(String.format("\\u%04x", (int) c));
        default -> shown.append(c == '\\' ? "\\\\" : String.valueOf(c));
      }
    }
    return shown.toString();
  }
}

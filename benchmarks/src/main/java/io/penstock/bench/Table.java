package io.penstock.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A small table as Markdown, its columns as wide as what is in them. */
final class Table {
  private final List<List<String>> rows = new ArrayList<>();

  Table(String... columns) {
    rows.add(List.of(columns));
  }

  /** Adds a row: whole numbers as they are, others with one decimal, all else as text. */
  void row(Object... cells) {
    rows.add(Arrays.stream(cells).map(Table::text).toList());
  }

  private static String text(Object cell) {
    return cell instanceof Double number ? String.format("%.1f", number) : cell.toString();
  }

  @Override
  public String toString() {
    int[] widths = new int[rows.getFirst().size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (int r = 0; r < rows.size(); r++) {
      line(text, rows.get(r), widths);
      if (r == 0) {
        line(text, Arrays.stream(widths).mapToObj("-"::repeat).toList(), widths);
      }
    }
    return text.toString();
  }

  private static void line(StringBuilder text, List<String> cells, int[] widths) {
    for (int i = 0; i < widths.length; i++) {
      String cell = cells.get(i);
      text.append("| ").append(cell).append(" ".repeat(widths[i] - cell.length() + 1));
    }
    text.append("|\n");
  }
}

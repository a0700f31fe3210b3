package io.penstock.ledger.report;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** CSV after RFC 4180, with LF between records. Null is an empty field. */
public final class Csv {
  /** What a spreadsheet takes for the beginning of a formula, or drops in front of one. */
  private static final String FORMULA = "=+-@\t\r";

  private static final Pattern NUMBER = Pattern.compile("[+-]?[0-9]+(\\.[0-9]+)?");

  private Csv() {}

  /**
   * Returns a field for people, who open the file in a spreadsheet: clients name what is reported,
   * and a name that begins as a formula does gets a {@code '} in front, by which a spreadsheet
   * shows it as text.
   */
  public static String opened(String field) {
    boolean formula = !field.isEmpty() && FORMULA.indexOf(field.charAt(0)) >= 0;
    return formula && !NUMBER.matcher(field).matches() ? "'" + field : field;
  }

  /** Writes one record. */
  public static void write(Appendable out, List<? extends @Nullable String> fields)
      throws IOException {
    for (int i = 0; i < fields.size(); i++) {
      if (i > 0) {
        out.append(',');
      }
      String field = fields.get(i);
      if (field != null) {
        out.append(quote(field));
      }
    }
    out.append('\n');
  }

  /** Returns the field as it is written. */
  private static String quote(String field) {
    boolean plain = true;
    for (int i = 0; i < field.length() && plain; i++) {
      char c = field.charAt(i);
      plain = c != ',' && c != '"' && c != '\n' && c != '\r';
    }
    return plain ? field : '"' + field.replace("\"", "\"\"") + '"';
  }

  /**
   * Parses a whole file: quoted fields, doubled quotes, CRLF or LF, a byte order mark.
   *
   * @throws IllegalArgumentException when a quote is not closed; names the line
   */
  public static List<List<String>> parse(String text) {
    List<List<String>> records = new ArrayList<>();
    Parser parser = new Parser(text.startsWith("\uFEFF") ? text.substring(1) : text);
    while (parser.hasNext()) {
      List<String> record = parser.next();
      if (record.size() > 1 || !record.getFirst().isEmpty()) {
        records.add(record);
      }
    }
    return records;
  }

  private static final class Parser {
    private final String text;
    private int at;
    private int line = 1;

    Parser(String text) {
      this.text = text;
    }

    boolean hasNext() {
      return at < text.length();
    }

    List<String> next() {
      List<String> fields = new ArrayList<>();
      do {
        fields.add(field());
      } while (take(','));
      take('\r');
      take('\n');
      line++;
      return fields;
    }

    private boolean take(char c) {
      if (at < text.length() && text.charAt(at) == c) {
        at++;
        return true;
      }
      return false;
    }

    private String field() {
      if (!take('"')) {
        int start = at;
        while (at < text.length() && ",\r\n".indexOf(text.charAt(at)) < 0) {
          at++;
        }
        return text.substring(start, at);
      }
      StringBuilder field = new StringBuilder();
      int began = line;
      while (at < text.length()) {
        char c = text.charAt(at++);
        if (c == '"' && !take('"')) {
          return field.toString();
        }
        field.append(c);
      }
      throw new IllegalArgumentException("line " + began + ": a quote is not closed");
    }
  }
}

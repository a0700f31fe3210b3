package io.penstock.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

final class BudgetTableTest {
  private static List<String> lines(String budget, int override, String subject) {
    StringWriter said = new StringWriter();
    BudgetTable table = new BudgetTable(new PrintWriter(said));
    table.add("org", -1, "", "1 USD", "0 USD", "-", "never");
    table.add(budget, override, subject, "10 USD", "0.50 USD", "0 USD", "never");
    table.flush();
    return said.toString().lines().toList();
  }

  @Test
  void whatATerminalActsUpon_isEscaped() {
    String subject = "a\u001b[2J\n\u202eb\u2028\u2029\u0085\\";
    assertThat(lines("each", -1, subject))
        .hasSize(3)
        .last()
        .asString()
        .contains("a\\u001b[2J\\u000a\\u202eb\\u2028\\u2029\\u0085\\\\ ");
    assertThat(BudgetTable.shown("\u00e9\u4e00\ud83d\ude00")).isEqualTo("\u00e9\u4e00\ud83d\ude00");
  }

  @Test
  void columns_areAsWideAsTheirContent_andOverridesAreNamed() {
    List<String> lines = lines("per-session-and-team", 0, "s".repeat(80));
    int end = lines.getFirst().indexOf("LIMIT") + "LIMIT".length();
    assertThat(lines.getLast()).startsWith("per-session-and-team[0] ");
    for (String line : lines) {
      assertThat(line.substring(0, end)).as(line).matches(".*(LIMIT|1 USD|10 USD)");
      assertThat(line).matches(".*  (RESETS|never)");
    }
  }
}

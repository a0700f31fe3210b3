package io.penstock.server;

import io.penstock.server.config.Limit;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;

/** What commands share. */
final class Commands {
  private Commands() {}

  static PrintWriter out(@Nullable CommandSpec spec) {
    return spec == null
        ? new PrintWriter(System.out, true, Charset.defaultCharset())
        : spec.commandLine().getOut();
  }

  static PrintWriter err(@Nullable CommandSpec spec) {
    return spec == null
        ? new PrintWriter(System.err, true, Charset.defaultCharset())
        : spec.commandLine().getErr();
  }

  /**
   * Returns an amount of money, nano-USD.
   *
   * @param option what the text was given for
   * @param example of what is expected
   * @throws IllegalArgumentException when it is none
   */
  static long nanos(String option, String text, String example) {
    if (Limit.parse(text) instanceof Limit.Money amount) {
      return amount.nanos();
    }
    throw new IllegalArgumentException(
        option + ": " + text + " (expected: money such as " + example + ")");
  }
}

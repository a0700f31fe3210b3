package io.penstock.server;

import io.penstock.server.config.value.Limit;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;

/** What commands share. */
final class Commands {
  static final String NOT_WRITTEN =
      "the output could not be written in full (expected: a place that takes it; is the disk"
          + " full?)";

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

  /** Writes what is buffered and returns whether all that was printed could be written. */
  static boolean isWritten(PrintWriter out) {
    // Over System.out the error stays there: it is a PrintStream, which throws nothing.
    return !out.checkError() && !System.out.checkError();
  }

  /**
   * Does so before something that cannot be undone.
   *
   * @throws IOException when something is missing
   */
  static void requireWritten(PrintWriter out, String undone) throws IOException {
    if (!isWritten(out)) {
      throw new IOException(NOT_WRITTEN + "; " + undone);
    }
  }

  /**
   * Returns an amount of money, nano-USD.
   *
   * @param option what the text was given for
   * @param example of what is expected
   * @throws IllegalArgumentException when it is none
   */
  static long nanos(String option, String text, String example) {
    try {
      if (Limit.parse(text) instanceof Limit.Money amount) {
        return amount.nanos();
      }
    } catch (IllegalArgumentException e) {
      // Reported below, with the option.
    }
    throw new IllegalArgumentException(
        option + ": " + text + " (expected: money such as " + example + ")");
  }
}

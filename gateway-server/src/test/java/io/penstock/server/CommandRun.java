package io.penstock.server;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import picocli.CommandLine;

/** Runs commands in this process and has what the last one said. */
final class CommandRun {
  private StringWriter said = new StringWriter();
  private StringWriter complained = new StringWriter();

  /** Returns the exit code. */
  int run(String... args) {
    said = new StringWriter();
    return runInto(said, args);
  }

  /** Does the same with a standard output of the caller's. */
  int runInto(Writer out, String... args) {
    complained = new StringWriter();
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(out));
    line.setErr(new PrintWriter(complained));
    return line.execute(args);
  }

  /** Returns what stands on the standard output. */
  String said() {
    return said.toString();
  }

  /** Returns what stands on the standard error output. */
  String complained() {
    return complained.toString();
  }
}

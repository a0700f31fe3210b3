package io.penstock.server;

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
}

package io.penstock.server.command;

/** What a command ends with. */
public final class ExitCode {
  /** Done. */
  public static final int OK = 0;

  /** The input is wrong. */
  public static final int WRONG_INPUT = 1;

  /** It could not run. */
  public static final int CANNOT_RUN = 2;

  private ExitCode() {}
}

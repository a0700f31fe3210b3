package io.penstock.server.call.prompt;

/** How much speech there may be in so many bytes, and in so many characters. Stateless. */
public final class Sound {
  /** No format that speech is sent in is below 8 kbit/s, unless it is silence. */
  private static final int LEAST_BYTES_PER_SECOND = 1_000;

  /** 128 kbit/s. */
  private static final int USUAL_BYTES_PER_SECOND = 16_000;

  /** Models hear ten to seventeen tokens a second, and speak some twenty. */
  private static final int TOKENS_PER_SECOND = 20;

  /** Nobody writes down more in a second than is said in it. */
  private static final int TEXT_TOKENS_PER_SECOND = 10;

  /** A digit may take a third of a second to be said. */
  private static final int MOST_TOKENS_PER_CHARACTER = 8;

  /** At 15 characters a second, and a little more. */
  private static final int USUAL_TOKENS_PER_CHARACTER = 2;

  private Sound() {}

  /** Returns the most seconds of a recording. */
  public static long seconds(long bytes) {
    return bytes / LEAST_BYTES_PER_SECOND + 1;
  }

  /** Returns the seconds that a recording probably has. */
  public static long usualSeconds(long bytes) {
    return bytes / USUAL_BYTES_PER_SECOND + 1;
  }

  /** Returns the most tokens of a recording as a model hears it. */
  public static long tokens(long bytes) {
    return seconds(bytes) * TOKENS_PER_SECOND;
  }

  /** Returns the most tokens of what is said in a recording. */
  public static long textTokens(long bytes) {
    return seconds(bytes) * TEXT_TOKENS_PER_SECOND;
  }

  /** Returns the most tokens of a text as a model speaks it. */
  public static long spokenTokens(long characters) {
    return characters * MOST_TOKENS_PER_CHARACTER;
  }

  /** Returns the tokens of a text as a model usually speaks it, rather more than less. */
  public static long usualSpokenTokens(long characters) {
    return characters * USUAL_TOKENS_PER_CHARACTER;
  }
}

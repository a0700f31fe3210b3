package io.penstock.server.config;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.time.Duration;
import java.util.List;

/** What is kept of prompts and answers, always redacted. */
@Shorthand("keep")
public record ContentConfig(
    @Setting("Whether they are kept: `off`, or `full`.") @Default("off") Word.Content keep,
    @Setting(value = "How long; no longer than the rows.", positive = true) @Default("30d")
        Duration retain,
    @Setting(value = "What is kept of a request, and of an answer.", positive = true)
        @Default("256KiB")
        Size limit,
    @Setting("What else is redacted: regular expressions in the syntax of RE2.")
        List<String> redact) {
  private static final long MOST = 4L << 20;

  /** Checks the patterns. */
  public ContentConfig {
    redact = List.copyOf(redact);
    if (limit.bytes() > MOST) {
      throw new InvalidValue("limit", limit.toString(), "at most 4MiB");
    }
    for (String pattern : redact) {
      try {
        if (Pattern.compile(pattern).matches("")) {
          throw new InvalidValue("redact", pattern, "a pattern that does not match the empty text");
        }
      } catch (PatternSyntaxException e) {
        throw new InvalidValue("redact", pattern, "a regular expression: " + e.getMessage());
      }
    }
  }
}

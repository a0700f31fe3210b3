package io.penstock.server.config;

import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Rule;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.schema.Shorthand;
import io.penstock.server.config.value.Size;
import io.penstock.server.config.value.Word;
import java.time.Duration;
import java.util.List;

/** What is kept of prompts and answers, always redacted. */
@Shorthand("keep")
public record ContentConfig(
    @Setting("Whether they are kept: `off`, or `full`.") @Default("off") Word.Content keep,
    @Setting(value = "How long; no longer than the rows.", positive = true) @Default("30d")
        Duration retain,
    @Setting(
            value = "What is kept of a request, and of an answer.",
            positive = true,
            rule = Rule.CONTENT)
        @Default("256KiB")
        Size limit,
    @Setting(
            value = "What else is redacted: regular expressions in the syntax of RE2.",
            rule = Rule.REDACT)
        List<String> redact) {
  /** Copies. */
  public ContentConfig {
    redact = List.copyOf(redact);
  }
}

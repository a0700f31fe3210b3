package io.penstock.server.config;

import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.schema.Shorthand;
import io.penstock.server.config.value.Word;

/** Log lines on standard error. */
@Shorthand("format")
public record LogConfig(
    @Setting("The shape of a line.") @Default("text") Word.LogFormat format,
    @Setting("The least severe line that is written.") @Default("info") Word.LogLevel level) {}

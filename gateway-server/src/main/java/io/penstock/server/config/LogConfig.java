package io.penstock.server.config;

/** Log lines on standard error. */
@Shorthand("format")
public record LogConfig(
    @Setting("The shape of a line.") @Default("text") Word.LogFormat format,
    @Setting("The least severe line that is written.") @Default("info") Word.LogLevel level) {}

package io.penstock.server.config;

import java.time.Duration;

/** The active health check. */
public record ProbeConfig(
    @Setting(value = "The pause between two checks.", positive = true) @Default("30s")
        Duration every) {}

package io.penstock.server.config;

import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Setting;
import java.time.Duration;

/** The active health check. */
public record ProbeConfig(
    @Setting(value = "The pause between two checks.", positive = true) @Default("30s")
        Duration every) {}

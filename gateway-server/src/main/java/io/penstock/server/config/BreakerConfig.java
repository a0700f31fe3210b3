package io.penstock.server.config;

import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Setting;
import java.time.Duration;

/** When a provider and model is left alone. */
public record BreakerConfig(
    @Setting(value = "Failures that open it, consecutive or not.", positive = true) @Default("5")
        int failures,
    @Setting(value = "The window in which they count.", positive = true) @Default("30s")
        Duration within,
    @Setting(value = "How long it stays open before one call probes.", positive = true)
        @Default("15s")
        Duration open) {}

package io.penstock.server.config;

import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Setting;
import java.time.Duration;

/** How long each part of a call upstream may take. */
public record TimeoutsConfig(
    @Setting(value = "To connect, TLS included.", positive = true) @Default("2s") Duration connect,
    @Setting(value = "From the request to the first byte of the answer.", positive = true)
        @Default("60s")
        Duration firstByte,
    @Setting(value = "Between two pieces of the answer.", positive = true) @Default("30s")
        Duration idle,
    @Setting(value = "For the whole call, all its attempts together.", positive = true)
        @Default("10m")
        Duration total) {}

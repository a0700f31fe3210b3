package io.penstock.server.config;

import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Rule;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.value.HedgeDelay;
import io.penstock.server.config.value.Share;

/** A second attempt when the first is slow. */
public record HedgeConfig(
    @Setting("When it starts: p95 of the usual first-token time, or a duration.") @Default("p95")
        HedgeDelay after,
    @Setting(value = "Second attempts as a share of the traffic.", rule = Rule.PART) @Default("5%")
        Share budget) {}

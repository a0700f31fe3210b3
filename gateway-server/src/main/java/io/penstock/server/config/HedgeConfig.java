package io.penstock.server.config;

/** A second attempt when the first is slow. */
public record HedgeConfig(
    @Setting("When it starts: p95 of the usual first-token time, or a duration.") @Default("p95")
        HedgeDelay after,
    @Setting(value = "Second attempts as a share of the traffic.", rule = Rule.PART) @Default("5%")
        Share budget) {}

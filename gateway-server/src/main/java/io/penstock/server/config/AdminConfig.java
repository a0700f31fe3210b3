package io.penstock.server.config;

import org.jspecify.annotations.Nullable;

/** The admin port. */
public record AdminConfig(
    @Setting("Where it listens; beyond loopback it needs a token.") @Default("127.0.0.1:9091")
        HostPort listen,
    @Setting("The bearer token.") @Nullable Secret token,
    @Setting("Whether `/metrics` is served without the token.") @Default("open")
        Word.MetricsAccess metrics) {}

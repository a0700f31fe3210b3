package io.penstock.server.config;

import org.jspecify.annotations.Nullable;

/** Traces and metrics over OTLP. */
public record TelemetryConfig(
    @Setting("The collector, such as http://collector:4318; empty: none.")
        @Nullable SecretUrl otlp) {}

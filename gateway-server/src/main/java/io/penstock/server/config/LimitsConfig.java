package io.penstock.server.config;

import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Rule;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.value.Size;
import java.time.Duration;

/** Limits of the process, for every client alike. */
public record LimitsConfig(
    @Setting(value = "The largest request body; larger: 413.", positive = true, rule = Rule.BODY)
        @Default("32MiB")
        Size body,
    @Setting(value = "Requests at once; more: 503 overloaded.", positive = true) @Default("10000")
        int inflight,
    @Setting(
            value = "Bytes of requests at once, of the heap 5/16 at most; more: 503 overloaded.",
            positive = true)
        @Default("1GiB")
        Size inflightBytes,
    @Setting(value = "Client connections at once.", positive = true) @Default("20000")
        int connections,
    @Setting("How long a shutdown waits for streams.") @Default("30s") Duration drain,
    @Setting(
            value = "The largest head of a request; larger: 431.",
            positive = true,
            rule = Rule.HEAD)
        @Default("32KiB")
        Size headers,
    @Setting(value = "How long a request's head may take to arrive; longer: 408.", positive = true)
        @Default("10s")
        Duration headerTimeout,
    @Setting(value = "How long a request's body may take to arrive; longer: 408.", positive = true)
        @Default("60s")
        Duration bodyTimeout,
    @Setting(value = "How long a connection may stay open without a request.", positive = true)
        @Default("75s")
        Duration idleTimeout,
    @Setting(value = "How long a client may take nothing of its answer.", positive = true)
        @Default("60s")
        Duration slowTimeout,
    @Setting(
            value =
                "Bytes of answers that clients have not taken, at once; more: those that hold most"
                    + " are closed.",
            positive = true)
        @Default("64MiB")
        Size unreadBytes) {}

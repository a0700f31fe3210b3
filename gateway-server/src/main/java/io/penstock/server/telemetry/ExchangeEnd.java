package io.penstock.server.telemetry;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A request that has ended, as its loop saw it.
 *
 * @param request the ledger's id
 * @param traceparent the client's header, or null
 * @param startMillis when it arrived, epoch milliseconds
 * @param nanos how long it took
 * @param endpoint the label
 * @param model as the client named it and its rows have it, "" when it did not
 * @param route the configured name that matched, "" when none did
 * @param status what the client was told, 0 when nothing
 */
public record ExchangeEnd(
    UUID request,
    @Nullable String traceparent,
    long startMillis,
    long nanos,
    String endpoint,
    String model,
    String route,
    int status) {}

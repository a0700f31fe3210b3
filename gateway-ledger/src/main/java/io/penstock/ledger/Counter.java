package io.penstock.ledger;

import java.util.UUID;

/**
 * One counter of a budget: the unit to which amounts are charged. The ledger never interprets it;
 * it sums by {@code id}.
 *
 * @param id the 128-bit hash of what follows, as the budgets computed it
 * @param budget the budget's name
 * @param override index of the override that matched, or -1
 * @param subject whom it counts, {@code (none)} when absent, "" for a shared counter
 * @param windowStart epoch milliseconds
 * @param windowEnd epoch milliseconds, or {@link Long#MAX_VALUE} for {@code total}
 */
public record Counter(
    UUID id, String budget, int override, String subject, long windowStart, long windowEnd) {}

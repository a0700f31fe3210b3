package io.penstock.ledger;

import java.util.List;

/**
 * What may be spent, written before the first byte goes upstream. If the process dies before the
 * row, the ledger books {@code bound}.
 *
 * @param attempt which attempt; its row has the same {@link LedgerRow.Attempt}
 * @param reservedAt when the hold was taken, epoch milliseconds of the store's clock
 * @param caller for whom
 * @param destination to what
 * @param bound the worst case, nano-USD
 * @param priceVersion the catalogue's version that the bound was computed with
 * @param holds what is held, by counter and owner
 */
public record Intent(
    LedgerRow.Attempt attempt,
    long reservedAt,
    LedgerRow.Caller caller,
    LedgerRow.Destination destination,
    long bound,
    String priceVersion,
    List<Charge> holds) {}

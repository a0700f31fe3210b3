package io.penstock.budget;

/**
 * What the ledger has of one counter.
 *
 * @param counter which
 * @param version grows with every change of the sum; a lower one is ignored
 * @param sum of the rows that were asked for, in the counter's unit
 */
public record LedgerPart(CounterKey counter, long version, long sum) {}

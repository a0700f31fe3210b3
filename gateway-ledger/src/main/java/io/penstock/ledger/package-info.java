/**
 * The record of what every call cost. Three stages, each on its own threads:
 *
 * <ol>
 *   <li>the journal: one {@link io.penstock.ledger.LedgerWriter} per event loop appends to
 *       memory-mapped files; nothing there blocks, and what was written survives {@code kill -9} at
 *       once;
 *   <li>the ledger thread moves journal records to SQLite or PostgreSQL in batches, together with
 *       counter totals and roll-ups, idempotent by row id;
 *   <li>readers ask the database; they may block and never run on an event loop.
 * </ol>
 *
 * Money is {@code long} nano-USD, instants are epoch milliseconds UTC, durations are nanoseconds,
 * unless a name says otherwise.
 */
@NullMarked
package io.penstock.ledger;

import org.jspecify.annotations.NullMarked;

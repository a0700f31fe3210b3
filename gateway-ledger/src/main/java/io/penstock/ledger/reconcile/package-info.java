/**
 * Compares the ledger with what a provider says: its usage or cost export, a FOCUS file, any CSV.
 * Runs on a thread that may block.
 */
@NullMarked
package io.penstock.ledger.reconcile;

import org.jspecify.annotations.NullMarked;

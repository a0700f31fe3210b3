/**
 * Showback and chargeback: what each team owes for a month, with mark-ups, shared costs and
 * corrections of closed months. Runs on a thread that may block.
 */
@NullMarked
package io.penstock.ledger.statement;

import org.jspecify.annotations.NullMarked;

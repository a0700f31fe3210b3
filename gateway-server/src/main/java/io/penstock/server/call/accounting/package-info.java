/**
 * What a call may cost and what it has cost: bounds before an attempt, its account, rows of the
 * ledger. Every attempt has one {@link io.penstock.server.call.accounting.Account}, settled once.
 */
@NullMarked
package io.penstock.server.call.accounting;

import org.jspecify.annotations.NullMarked;

/**
 * What was spent and what may be, opened: the ledger of a configuration, who may serve with it, and
 * the budgets that are filled from it. Blocks: never on an event loop.
 */
@NullMarked
package io.penstock.server.store;

import org.jspecify.annotations.NullMarked;

/**
 * Export of the ledger in the FinOps Open Cost and Usage Specification (FOCUS, focus.finops.org,
 * CC-BY-4.0), with the checks that an export has to pass. Runs on a thread that may block.
 */
@NullMarked
package io.penstock.ledger.focus;

import org.jspecify.annotations.NullMarked;

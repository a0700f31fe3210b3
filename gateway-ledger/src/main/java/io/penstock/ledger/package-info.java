/** The ledger: journal, stores, reports. */
@NullMarked
package io.penstock.ledger;

import org.jspecify.annotations.NullMarked;

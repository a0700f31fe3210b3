/**
 * What people read: the spend report as table, CSV and JSON. Everything here runs on a thread that
 * may block.
 */
@NullMarked
package io.penstock.ledger.report;

import org.jspecify.annotations.NullMarked;

/**
 * What the admin port and the commands report in the same words: periods as people write them, and
 * what a cache would have saved. Reads the ledger and blocks; confined to the caller.
 */
@NullMarked
package io.penstock.server.report;

import org.jspecify.annotations.NullMarked;

/**
 * The command line beside a running gateway: what asks it, reads its ledger or needs neither. Those
 * that start a gateway are in the root, which puts one together. A command runs on the main thread
 * and may block.
 */
@NullMarked
package io.penstock.server.command;

import org.jspecify.annotations.NullMarked;

/**
 * One request to one target and the reading of its answer. {@link
 * io.penstock.server.call.attempt.AttemptRun} knows no call: its listener does. Confined to its
 * event loop.
 */
@NullMarked
package io.penstock.server.call.attempt;

import org.jspecify.annotations.NullMarked;

/**
 * What is told to others off the request path: traces and metrics over OTLP, the request log. Event
 * loops and the ledger's thread only put into bounded queues; a receiver that is slow or away loses
 * what no longer fits, counted, and never holds a call up.
 */
@NullMarked
package io.penstock.server.telemetry;

import org.jspecify.annotations.NullMarked;

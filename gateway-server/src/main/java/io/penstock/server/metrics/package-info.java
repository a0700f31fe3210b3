/** The Prometheus metrics of the contract. Meters are thread-safe. */
@NullMarked
package io.penstock.server.metrics;

import org.jspecify.annotations.NullMarked;

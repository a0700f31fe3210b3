/**
 * Which target answers, and what to do when it fails: pure functions of (request, state, clock,
 * seed), so that explaining and simulating run the code that serves.
 *
 * <p>A {@link io.penstock.core.route.RouteTable} is immutable and built at load. A {@link
 * io.penstock.core.route.Planner} turns one request into a {@link io.penstock.core.route.Plan},
 * confined to the exchange's loop. Shared state is in {@link io.penstock.core.route.HealthBoard}
 * and {@link io.penstock.core.route.Placements}: immutable values in atomic references, any thread.
 * Nothing here blocks or does I/O; the server tries the targets and feeds back what happened.
 */
@NullMarked
package io.penstock.core.route;

import org.jspecify.annotations.NullMarked;

/** Which target answers: pure functions of (request, state, clock, seed). */
@NullMarked
package io.penstock.core.route;

import org.jspecify.annotations.NullMarked;

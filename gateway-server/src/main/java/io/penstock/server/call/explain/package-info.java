/**
 * What would happen to a request, without the call. Asks the filters, the planner and the budgets
 * as a call would, and gives back what they hold at once.
 */
@NullMarked
package io.penstock.server.call.explain;

import org.jspecify.annotations.NullMarked;

/**
 * Budgets, rates and reservations: money is held before a call and settled once after it.
 *
 * <p>{@link io.penstock.budget.Budgets} is what a server uses; {@link
 * io.penstock.budget.BudgetPlan} is what the configuration becomes. Everything public may be called
 * from any thread and blocks on nothing but a short lock; stages complete on any thread. {@code
 * Replica} and {@code MemoryStore} are pure: no I/O, no clock, no randomness, so that the
 * simulation in the tests runs the very code that serves.
 */
@NullMarked
package io.penstock.budget;

import org.jspecify.annotations.NullMarked;

package io.penstock.budget;

/**
 * One counter as the store has it.
 *
 * @param counter which budget, subject and window
 * @param unit of the amounts
 * @param limit in force now; -1 when no configured budget means this counter
 * @param spent what settled calls cost
 * @param held what open calls hold, and what lies free in slices of other replicas
 */
public record BudgetState(CounterKey counter, Limit.Unit unit, long limit, long spent, long held) {}

package io.penstock.budget;

/**
 * One counter as the store has it.
 *
 * @param counter which budget, subject and window
 * @param unit of the amounts
 * @param limit in force now; -1 when no configured budget means this counter
 * @param spent what settled calls cost
 * @param held open calls and allowances of replicas
 */
public record BudgetState(CounterKey counter, Limit.Unit unit, long limit, long spent, long held) {}

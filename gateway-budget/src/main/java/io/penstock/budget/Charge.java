package io.penstock.budget;

/**
 * One entry of a ledger row's charge list.
 *
 * @param counter what is charged
 * @param owner the life of a replica that holds the allowance; 0: none (top-up, reset, correction)
 * @param amount in the counter's unit; negative gives back
 */
public record Charge(CounterKey counter, long owner, long amount) {}

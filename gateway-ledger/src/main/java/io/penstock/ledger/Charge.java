package io.penstock.ledger;

/**
 * One entry of a row's charge list.
 *
 * @param counter what is charged
 * @param owner the life of a replica that holds the allowance; 0: none (corrections)
 * @param amount in the counter's unit, nano-USD or tokens; negative in corrections
 */
public record Charge(Counter counter, long owner, long amount) {}

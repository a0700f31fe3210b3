package io.penstock.ledger;

/**
 * A price catalogue that was fetched and put in force.
 *
 * @param version of the prices that it became, as rows name it
 * @param json its text
 * @param sinceMillis when it was put in force, in epoch ms
 */
public record Catalogue(String version, String json, long sinceMillis) {}

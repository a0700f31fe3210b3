package io.penstock.ledger.reconcile;

import java.time.LocalDate;

/**
 * One line of a provider's export.
 *
 * @param day UTC
 * @param model as the provider names it; "" when the export has none
 * @param key the provider's name of the API key or project; "" when the export has none
 * @param inputTokens all input, cached too; -1 when the export has none
 * @param outputTokens -1 when the export has none
 * @param cost nano-USD; {@link #NO_COST} when the export has none
 */
public record ProviderLine(
    LocalDate day, String model, String key, long inputTokens, long outputTokens, long cost) {
  /** The export has usage only. */
  public static final long NO_COST = Long.MIN_VALUE;
}

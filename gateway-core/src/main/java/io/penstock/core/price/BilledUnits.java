package io.penstock.core.price;

import java.math.BigDecimal;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The units in which a model bills what answers report in others, or not at all: requests, of which
 * no answer says that there was one, and searches, of which answers say how many there were.
 *
 * <p>Google bills a grounded prompt up to Gemini 2.5, however many searches it took, and each
 * search from Gemini 3 (ai.google.dev/gemini-api/docs/google-search, "Pricing", and "Grounding" on
 * cloud.google.com/vertex-ai/generative-ai/pricing). The catalogue has one rate for either and its
 * schema no field for which, so the model's name decides; a name without a generation, such as
 * {@code gemini-flash-latest}, is of today's.
 *
 * @param searchesByPrompt whether all searches of an answer are billed as one
 */
record BilledUnits(boolean searchesByPrompt) {
  private static final Pattern BY_PROMPT =
      Pattern.compile("gemini-[12](?![0-9a-z])", Pattern.CASE_INSENSITIVE);

  /** Returns those of a model of that name. */
  static BilledUnits of(String model) {
    return new BilledUnits(BY_PROMPT.matcher(model).find());
  }

  /**
   * Returns what is billed.
   *
   * @param used as reported or estimated; of nothing nothing is billed
   * @param fee what each request costs besides what it used; null and 0 for nothing
   */
  Usage billed(Usage used, @Nullable BigDecimal fee) {
    long requests = fee != null && fee.signum() > 0 && !used.isEmpty() ? 1 : 0;
    long made = used.of(Meter.WEB_SEARCH);
    long searches = searchesByPrompt ? Math.min(made, 1) : made;
    return used.of(Meter.REQUEST) == requests && made == searches
        ? used
        : used.toBuilder().set(Meter.REQUEST, requests).set(Meter.WEB_SEARCH, searches).build();
  }
}

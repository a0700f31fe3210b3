package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The searches that an answer of Gemini says were made, which no usage of Google's reports: the
 * queries under {@code groundingMetadata.webSearchQueries} of its candidates. Google counts unique
 * ones and ignores empty ones (ai.google.dev/gemini-api/docs/google-search, "Pricing"). In a stream
 * metadata comes once, or again with all so far, or with what is new: a query that comes again is
 * the same search. What a search is billed by is the price's to say. Belongs to one answer.
 */
public final class GeminiSearches {
  private @Nullable Set<String> queries;

  /**
   * Reads {@code groundingMetadata} of a candidate.
   *
   * @param metadata may be a missing node
   */
  public void metadata(JsonNode metadata) {
    queries(metadata.path("webSearchQueries"));
  }

  /** Reads its {@code webSearchQueries}; what is no text is none. */
  public void queries(JsonNode asked) {
    for (JsonNode query : asked) {
      if (query.isTextual() && !query.textValue().isBlank()) {
        Set<String> known = queries;
        if (known == null) {
          known = new HashSet<>();
          queries = known;
        }
        known.add(query.textValue());
      }
    }
  }

  /** Returns the searches so far. */
  public int count() {
    Set<String> known = queries;
    return known == null ? 0 : known.size();
  }

  /** Returns a usage with them. */
  public Usage in(Usage tokens) {
    return count() == 0 ? tokens : tokens.toBuilder().set(Meter.WEB_SEARCH, count()).build();
  }
}

package io.penstock.ledger;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the ledger is kept. See {@code ledger} in the configuration.
 *
 * @param url {@code sqlite:FILE} or {@code jdbc:postgresql://...}; may hold a password, so it is
 *     never printed whole
 * @param journal directory of the journals of all processes that share this data directory
 * @param retain how long rows are kept; null: for ever. Roll-ups always are
 * @param retainContent how long prompts and answers are kept; null: for ever
 * @param rollup further dimensions of the roll-ups: {@code end_user}, {@code session}, {@code
 *     metadata.NAME}
 * @param journalSizes sizes of the journal
 */
public record LedgerOptions(
    String url,
    Path journal,
    @Nullable Duration retain,
    @Nullable Duration retainContent,
    List<String> rollup,
    JournalSizes journalSizes) {
  public LedgerOptions {
    rollup = List.copyOf(rollup);
  }

  /** Returns options with the default sizes that keep everything. */
  public static LedgerOptions of(String url, Path journal) {
    return new LedgerOptions(url, journal, null, null, List.of(), JournalSizes.DEFAULT);
  }

  /** Returns whether a ledger may be at that URL: of a database that is known, and readable. */
  public static boolean isAddress(String url) {
    try {
      return SqlDialect.of(url).isAddress(url);
    } catch (LedgerException e) {
      return false;
    }
  }

  /** Returns the URL without what could be a password. */
  public String safeUrl() {
    int query = url.indexOf('?');
    String base = query < 0 ? url : url.substring(0, query);
    int at = base.lastIndexOf('@');
    int scheme = base.indexOf("//");
    return at > scheme && scheme >= 0
        ? base.substring(0, scheme + 2) + "****" + base.substring(at)
        : base;
  }

  @Override
  public String toString() {
    return "LedgerOptions[" + safeUrl() + ", journal=" + journal + ", retain=" + retain + "]";
  }

  /**
   * Sizes of the journal, in bytes.
   *
   * @param segment of one mapped file
   * @param limit what may wait for the database before intents are refused
   */
  public record JournalSizes(int segment, long limit) {
    /**
     * 16 MiB files, because the touched part of the current one is resident memory; the loops may
     * be 1 GiB (about two million rows) ahead of the database.
     */
    public static final JournalSizes DEFAULT = new JournalSizes(16 << 20, 1L << 30);

    /** The smallest file that holds any record. */
    static final int MIN_SEGMENT = 256 << 10;

    public JournalSizes {
      if (segment < MIN_SEGMENT || limit < 2L * segment) {
        throw new IllegalArgumentException(
            "journal sizes: segment "
                + segment
                + ", limit "
                + limit
                + " (expected: segment >= "
                + MIN_SEGMENT
                + ", limit >= 2 segments)");
      }
    }
  }
}

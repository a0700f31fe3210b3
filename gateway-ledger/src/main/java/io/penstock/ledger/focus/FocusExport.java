package io.penstock.ledger.focus;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.ledger.LedgerQueries;
import io.penstock.ledger.StatementBook;
import io.penstock.ledger.report.Csv;
import io.penstock.ledger.report.KeptRows;
import io.penstock.ledger.statement.StatementTerms;
import io.penstock.ledger.statement.Statements;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes the ledger as FOCUS, CSV or Parquet; {@link FocusMetadata} goes beside it. */
public final class FocusExport {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final FocusOptions options;
  private final FocusRates rates;
  private final StatementBook book;

  /**
   * Creates an exporter.
   *
   * @param book the months that were closed, for the chargeback view
   */
  public FocusExport(FocusOptions options, FocusRates rates, StatementBook book) {
    this.options = options;
    this.rates = rates;
    this.book = book;
  }

  /**
   * Writes every charge of that period; a row belongs to the day on which it ended. Blocks.
   *
   * @throws IllegalArgumentException when rows of the period have been deleted; nothing is written
   */
  public void writeCsv(LedgerQueries ledger, long from, long to, Appendable out)
      throws IOException {
    KeptRows.require(ledger, from, to, null);
    List<FocusColumn> columns = options.columns();
    Csv.write(out, columns.stream().map(Enum::name).toList());
    FocusValues texts = new FocusValues(options, book.closed().keySet());
    lines(
        ledger,
        from,
        to,
        line -> {
          Map<FocusColumn, @Nullable String> values = texts.of(line);
          List<@Nullable String> record = new ArrayList<>();
          for (FocusColumn column : columns) {
            record.add(values.get(column));
          }
          Csv.write(out, record);
        });
  }

  /**
   * Writes the same as Parquet, with decimals of 17 digits after the point. Blocks.
   *
   * @throws IllegalArgumentException when rows of the period have been deleted; nothing is written
   */
  public void writeParquet(LedgerQueries ledger, long from, long to, Path file) throws IOException {
    KeptRows.require(ledger, from, to, null);
    try (FocusParquet parquet = new FocusParquet(file, options.columns())) {
      FocusValues texts = new FocusValues(options, book.closed().keySet());
      lines(ledger, from, to, line -> parquet.write(texts.of(line)));
    }
  }

  /** Where lines go. */
  private interface Out {
    void write(FocusLine line) throws IOException;
  }

  private void lines(LedgerQueries ledger, long from, long to, Out out) throws IOException {
    List<StatementTerms.Shared> shared = options.terms().shared();
    if (!shared.isEmpty()) {
      FocusShared.requireWholeMonths(from, to);
    }
    boolean chargeback = options.view() == FocusOptions.View.CHARGEBACK;
    FocusIssued issued = new FocusIssued(new Statements(ledger, book, options.terms()));
    if (chargeback) {
      issued.requireTerms(from, to);
    }
    FocusUsage usage = new FocusUsage();
    calls(
        ledger,
        from,
        to,
        chargeback,
        line -> {
          usage.add(line);
          out.write(line);
        });
    if (chargeback) {
      for (FocusLine line : issued.of(usage, from, to)) {
        usage.add(line);
        out.write(line);
      }
    }
    if (!shared.isEmpty()) {
      for (FocusLine line : FocusShared.of(usage, shared, from, to)) {
        out.write(line);
      }
    }
  }

  private void calls(LedgerQueries ledger, long from, long to, boolean hits, Out out)
      throws IOException {
    FocusLines lines =
        new FocusLines(
            rates,
            hits,
            line -> {
              try {
                out.write(line);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    try {
      ledger.rows(from, to, lines::add);
      lines.end();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  static String date(long millis) {
    return String.format(
        Locale.ROOT, "%tFT%<tTZ", Instant.ofEpochMilli(millis).atZone(ZoneOffset.UTC));
  }

  static String json(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("no JSON form: " + value.getClass(), e);
    }
  }
}

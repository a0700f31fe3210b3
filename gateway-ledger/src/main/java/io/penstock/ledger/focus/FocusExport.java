package io.penstock.ledger.focus;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.ledger.LedgerQueries;
import io.penstock.ledger.report.Csv;
import io.penstock.ledger.statement.StatementTerms;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes the ledger as FOCUS: CSV, and the metadata that goes beside it. */
public final class FocusExport {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final FocusOptions options;
  private final FocusRates rates;

  /** Creates an exporter. */
  public FocusExport(FocusOptions options, FocusRates rates) {
    this.options = options;
    this.rates = rates;
  }

  /** Writes every charge of that period; a row belongs to the day on which it ended. Blocks. */
  public void writeCsv(LedgerQueries ledger, long from, long to, Appendable out)
      throws IOException {
    List<FocusColumn> columns = FocusColumn.of(options.version());
    Csv.write(out, columns.stream().map(Enum::name).toList());
    FocusValues texts = new FocusValues(options);
    for (FocusLine line : lines(ledger, from, to)) {
      Map<FocusColumn, @Nullable String> values = texts.of(line);
      List<@Nullable String> record = new ArrayList<>();
      for (FocusColumn column : columns) {
        record.add(values.get(column));
      }
      Csv.write(out, record);
    }
  }

  /** Writes the same as Parquet, with decimals of 17 digits after the point. Blocks. */
  public void writeParquet(LedgerQueries ledger, long from, long to, Path file) throws IOException {
    try (FocusParquet parquet = new FocusParquet(file, FocusColumn.of(options.version()))) {
      FocusValues texts = new FocusValues(options);
      for (FocusLine line : lines(ledger, from, to)) {
        parquet.write(texts.of(line));
      }
    }
  }

  private List<FocusLine> lines(LedgerQueries ledger, long from, long to) {
    List<StatementTerms.Shared> shared = options.terms().shared();
    if (!shared.isEmpty()) {
      FocusShared.requireWholeMonths(from, to);
    }
    FocusLines lines = new FocusLines(rates, options.view() == FocusOptions.View.CHARGEBACK);
    ledger.rows(from, to, lines::add);
    List<FocusLine> all = new ArrayList<>(lines.lines());
    all.addAll(FocusShared.of(all, shared));
    return all;
  }

  /** Returns the metadata of the export as JSON. */
  public String metadata(Instant created) {
    List<Map<String, Object>> definitions = new ArrayList<>();
    for (FocusColumn column : FocusColumn.of(options.version())) {
      Map<String, Object> definition = new LinkedHashMap<>();
      definition.put("ColumnName", column.name());
      definition.put("DataType", column.type().label());
      if (column.type() == FocusColumn.Type.DECIMAL) {
        definition.put("NumericPrecision", 38);
        definition.put("NumberScale", FocusParquet.SCALE);
      }
      if (column.type() == FocusColumn.Type.STRING) {
        definition.put("StringEncoding", "UTF-8");
      }
      if (column == FocusColumn.Tags) {
        definition.put("ProviderTagPrefixes", List.of("penstock/"));
      }
      definitions.add(definition);
    }
    Map<String, Object> metadata = new LinkedHashMap<>();
    metadata.put("DataGenerator", Map.of("DataGenerator", "Penstock"));
    metadata.put(
        "Schema",
        Map.of(
            "SchemaId",
            "penstock-" + options.version().label(),
            "FocusVersion",
            options.version().label(),
            "CreationDate",
            date(created.toEpochMilli()),
            "ColumnDefinition",
            definitions));
    return json(metadata);
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

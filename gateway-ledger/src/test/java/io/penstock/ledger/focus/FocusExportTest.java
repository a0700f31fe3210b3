package io.penstock.ledger.focus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blue.strategic.parquet.Hydrator;
import blue.strategic.parquet.ParquetReader;
import io.penstock.core.price.Meter;
import io.penstock.core.price.NanoUsd;
import io.penstock.core.price.Usage;
import io.penstock.ledger.Corrections;
import io.penstock.ledger.SqlLedger;
import io.penstock.ledger.UsageSource;
import io.penstock.ledger.report.Csv;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class FocusExportTest {
  private static final long DEC_1 = FocusSample.NOV_30 + 3_600_000;

  @TempDir Path directory;

  /** A month of a large ledger has more lines than fit into memory. */
  @Test
  void lines_ofADay_areHeldNoLongerThanThatDay() {
    List<Long> days = new ArrayList<>();
    FocusLines lines = new FocusLines(FocusSample::rate, false, line -> days.add(line.key().day()));
    try (SqlLedger ledger = FocusSample.ledger(directory, new Random(12))) {
      ledger.queries().rows(0, Long.MAX_VALUE, lines::add);
    }
    assertThat(days).isNotEmpty().containsOnly(DEC_1 - 86_400_000);
    lines.end();
    assertThat(days).contains(DEC_1).isSorted();
  }

  @ParameterizedTest
  @EnumSource
  void export_anyVersion_passesEveryCheckAndSumsToTheLedger(FocusOptions.Version version)
      throws IOException {
    try (SqlLedger ledger = FocusSample.ledger(directory, new Random(12))) {
      long[] totals = new long[2];
      ledger
          .queries()
          .rows(
              0,
              Long.MAX_VALUE,
              row -> {
                totals[0] += row.money().cost();
                totals[1] += row.money().list();
              });
      String csv =
          FocusSample.export(
              ledger, FocusSample.options(version, FocusOptions.View.PROVIDER, "0.05"));
      assertThat(FocusCheck.problems(csv, version, FocusOptions.View.PROVIDER)).isEmpty();
      assertThat(FocusSample.sum(csv, "BilledCost")).isEqualByComparingTo(NanoUsd.toUsd(totals[0]));
      assertThat(FocusSample.sum(csv, "EffectiveCost"))
          .isEqualByComparingTo(NanoUsd.toUsd(totals[0]));
      assertThat(FocusSample.sum(csv, "ListCost")).isEqualByComparingTo(NanoUsd.toUsd(totals[1]));
      assertThat(csv).contains("Adjustment").contains("rounding to nano-USD").contains(">4000");
    }
  }

  @Test
  void export_periodWhoseFirstRowsAreDeleted_isRefusedAndWritesNothing() throws Exception {
    try (SqlLedger ledger = FocusSample.ledger(directory, new Random(12))) {
      try (var connection =
              DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("ledger.db"));
          var sql = connection.createStatement()) {
        sql.execute(
            "DELETE FROM ledger_row WHERE id = (SELECT id FROM ledger_row ORDER BY ended_at LIMIT"
                + " 1)");
      }
      FocusOptions options =
          FocusSample.options(FocusOptions.Version.V1_4, FocusOptions.View.PROVIDER, "0.05");
      FocusExport export = new FocusExport(options, FocusSample::rate, ledger.statements());
      StringBuilder csv = new StringBuilder();
      assertThatThrownBy(() -> export.writeCsv(ledger.queries(), 0, Long.MAX_VALUE, csv))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageMatching("2026-11-[0-9]+: rows of that day are deleted .*ledger.retain.*");
      assertThat(csv).isEmpty();
      Path file = directory.resolve("focus.parquet");
      assertThatThrownBy(() -> export.writeParquet(ledger.queries(), 0, Long.MAX_VALUE, file))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(file).doesNotExist();
    }
  }

  @ParameterizedTest
  @EnumSource
  void parquet_readBack_saysWhatTheCsvSays(FocusOptions.Version version) throws IOException {
    try (SqlLedger ledger = FocusSample.ledger(directory, new Random(15))) {
      FocusOptions options = FocusSample.options(version, FocusOptions.View.CHARGEBACK, "0.05");
      Path file = directory.resolve("focus.parquet");
      FocusExport export = new FocusExport(options, FocusSample::rate, ledger.statements());
      export.writeParquet(ledger.queries(), 0, Long.MAX_VALUE, file);
      List<List<String>> csv = Csv.parse(FocusSample.export(ledger, options));
      List<String> names = csv.removeFirst();
      List<Map<String, Object>> read;
      try (Stream<Map<String, Object>> lines =
          ParquetReader.streamContent(file.toFile(), new AsMap())) {
        read = lines.toList();
      }
      assertThat(read).hasSameSizeAs(csv);
      for (int i = 0; i < csv.size(); i++) {
        for (int c = 0; c < names.size(); c++) {
          FocusColumn column = FocusColumn.valueOf(names.get(c));
          assertThat(shown(column, read.get(i).get(column.name())))
              .as(column + " of line " + i)
              .isEqualTo(shown(column, csv.get(i).get(c)));
        }
      }
    }
  }

  /** Reads a record as a map from column to value. */
  private static final class AsMap
      implements Hydrator<Map<String, Object>, Map<String, Object>, String[]> {
    @Override
    public Map<String, Object> start() {
      return new HashMap<>();
    }

    @Override
    public Map<String, Object> add(Map<String, Object> target, String[] heading, Object value) {
      target.put(heading[0], value);
      return target;
    }

    @Override
    public Map<String, Object> finish(Map<String, Object> target) {
      return target;
    }
  }

  private static Object shown(FocusColumn column, @Nullable Object value) {
    if (value == null || value.equals("")) {
      return "";
    }
    return switch (column.type()) {
      case DECIMAL -> new BigDecimal(value.toString()).setScale(17, RoundingMode.HALF_EVEN);
      case DATE -> value instanceof Long millis ? Instant.ofEpochMilli(millis) : at(value);
      case STRING, JSON -> value;
    };
  }

  private static Instant at(Object text) {
    String iso = text.toString();
    return Instant.parse(iso.endsWith("Z") ? iso : iso + "Z");
  }

  @Test
  void avoidedCost_ofHitsAndRouting_sumsToTheLedger() throws IOException {
    try (SqlLedger ledger = FocusSample.ledger(directory, new Random(16))) {
      long[] hits = new long[1];
      ledger
          .queries()
          .rows(0, Long.MAX_VALUE, row -> hits[0] += row.outcome().cache().isHit() ? 1 : 0);
      long calls = 500 - hits[0];
      String teams =
          FocusSample.export(
              ledger,
              FocusSample.options(FocusOptions.Version.V1_4, FocusOptions.View.CHARGEBACK, "0"));
      assertThat(hits[0]).isPositive();
      assertThat(FocusSample.sum(teams, "x_CacheHitCount"))
          .isEqualByComparingTo(BigDecimal.valueOf(hits[0]));
      assertThat(FocusSample.sum(teams, "x_AvoidedCost"))
          .isEqualByComparingTo(NanoUsd.toUsd(777 * hits[0] + 8 * calls));
      assertThat(teams).contains("penstock/cache/hits,Gateway Cache Hits");
      assertThat(
              FocusCheck.problems(teams, FocusOptions.Version.V1_4, FocusOptions.View.CHARGEBACK))
          .isEmpty();
      String provider = FocusSample.export(ledger, FocusOptions.of(FocusOptions.View.PROVIDER));
      assertThat(provider).doesNotContain("Gateway Cache Hits");
      assertThat(FocusSample.sum(provider, "x_AvoidedCost"))
          .isEqualByComparingTo(NanoUsd.toUsd(8 * calls));
    }
  }

  /** Sums to the ledger, and to no more digits than the metadata and Parquet say. */
  @Test
  void secondsByTheHour_haveSeventeenDigitsAndSumToTheLedger() throws IOException {
    FocusRates byTheHour =
        (row, meter) ->
            new FocusRates.Rate(new BigDecimal("0.37"), new BigDecimal("0.31"), 3_600, "", "");
    try (SqlLedger ledger = FocusSample.empty(directory)) {
      for (int seconds : new int[] {1, 7, 61, 3_601}) {
        Usage usage = Usage.builder().set(Meter.AUDIO_SECOND, seconds).build();
        ledger.book(
            FocusSample.call(
                "transcriptions", usage, UsageSource.REPORTED, 86_111L * seconds, Map.of()));
      }
      for (FocusOptions.View view : FocusOptions.View.values()) {
        FocusOptions options = FocusSample.options(FocusOptions.Version.V1_4, view, "0.051234567");
        String csv = FocusSample.export(ledger, options, byTheHour, 0, Long.MAX_VALUE);
        assertThat(FocusCheck.problems(csv, FocusOptions.Version.V1_4, view)).isEmpty();
        BigDecimal own = FocusSample.sum(csv, "BilledCost");
        assertThat(own.subtract(FocusSample.sum(csv, "x_MarkupCost")))
            .isEqualByComparingTo(NanoUsd.toUsd(86_111L * 3_670));
        assertThat(csv).contains("3600 Seconds");
      }
    }
  }

  @Test
  void pricesOfTheTimeOfDay_areTwoPricePointsOfOneSku() throws IOException {
    FocusRates peak =
        (row, meter) -> {
          boolean cheap = row.usageSource() == UsageSource.ESTIMATED;
          BigDecimal price = new BigDecimal(cheap ? "0.27" : "0.44");
          return new FocusRates.Rate(price, price, 1_000_000, "", cheap ? "00:30-16:30" : "");
        };
    Usage usage = Usage.builder().set(Meter.INPUT, 1000).build();
    try (SqlLedger ledger = FocusSample.empty(directory)) {
      ledger.book(FocusSample.call("chat", usage, UsageSource.ESTIMATED, 270_000, Map.of()));
      ledger.book(FocusSample.call("chat", usage, UsageSource.REPORTED, 440_000, Map.of()));
      FocusOptions options = FocusOptions.of(FocusOptions.View.PROVIDER);
      String csv = FocusSample.export(ledger, options, peak, 0, Long.MAX_VALUE);
      assertThat(FocusCheck.problems(csv, FocusOptions.Version.V1_4, FocusOptions.View.PROVIDER))
          .isEmpty();
      assertThat(csv)
          .contains("openai/gpt-6/input/standard,")
          .contains("openai/gpt-6/input/standard/00:30-16:30,")
          .contains("\"\"x_Hours\"\":\"\"00:30-16:30\"\"");
    }
  }

  @Test
  void sources_tellWhatWasReportedEstimatedReconciledAndCorrected() throws IOException {
    Usage usage = Usage.builder().set(Meter.INPUT, 1000).build();
    try (SqlLedger ledger = FocusSample.empty(directory)) {
      ledger.book(FocusSample.call("chat", usage, UsageSource.REPORTED, 1, Map.of()));
      ledger.book(FocusSample.call("chat", usage, UsageSource.ESTIMATED, 2, Map.of()));
      UUID id = UUID.nameUUIDFromBytes(new byte[] {1});
      ledger.book(Corrections.reconciled(id, FocusSample.NOV_30, "openai", "gpt-6", "", 3));
      FocusSample.book(ledger, "team-1", 4);
      String csv = FocusSample.export(ledger, FocusOptions.of(FocusOptions.View.PROVIDER));
      assertThat(column(csv, "x_CostSource")).containsOnly("estimated", "reconciled", "corrected");
      assertThat(column(csv, "x_UsageSource"))
          .containsOnly("reported", "estimated", "reconciled", "none");
    }
  }

  @Test
  void embeddings_areMachineLearning_andNoTagHoldsAKey() throws IOException {
    Usage usage = Usage.builder().set(Meter.INPUT, 1000).build();
    Map<String, String> careless = Map.of("project", "sk-proj-0123456789abcdef", "b", "sk-learn");
    try (SqlLedger ledger = FocusSample.empty(directory)) {
      ledger.book(FocusSample.call("embeddings", usage, UsageSource.REPORTED, 1, careless));
      ledger.book(FocusSample.call("chat", usage, UsageSource.REPORTED, 2, careless));
      String csv = FocusSample.export(ledger, FocusOptions.of(FocusOptions.View.PROVIDER));
      assertThat(column(csv, "ServiceSubcategory")).contains("Machine Learning", "Generative AI");
      assertThat(column(csv, "Tags"))
          .containsOnly("{\"b\":\"sk-learn\",\"project\":\"(redacted)\"}");
    }
  }

  private static List<String> column(String csv, String name) {
    List<List<String>> records = Csv.parse(csv);
    int at = records.getFirst().indexOf(name);
    return records.stream().skip(1).map(record -> record.get(at)).toList();
  }

  @Test
  void metadata_namesVersionAndColumns() {
    assertThat(
            FocusMetadata.of(
                FocusOptions.of(FocusOptions.View.PROVIDER),
                Instant.ofEpochMilli(FocusSample.NOV_30)))
        .contains("\"FocusVersion\":\"1.4\"", "\"SchemaId\":\"penstock-1.4-provider\"")
        .contains("\"CreationDate\":\"2026-11-30T23:00:00Z\"", "\"DataGenerator\":\"Penstock\"")
        .contains("\"NumericPrecision\":38,\"NumberScale\":17", "\"StringMaxLength\":")
        .contains("\"ProviderTagPrefixes\":[\"penstock/\"]", "\"x_CredentialId\"")
        .doesNotContain("Allocated", "InvoiceId\"");
  }
}

package io.penstock.ledger.focus;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.price.Meter;
import io.penstock.ledger.LedgerQueries;
import io.penstock.ledger.report.Csv;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Writes the ledger as FOCUS: CSV, and the metadata that goes beside it. */
public final class FocusExport {
  private static final long DAY_MILLIS = 86_400_000;
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
    for (FocusLine line : lines(ledger, from, to)) {
      Map<FocusColumn, @Nullable String> values = values(line);
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
      for (FocusLine line : lines(ledger, from, to)) {
        parquet.write(values(line));
      }
    }
  }

  private Collection<FocusLine> lines(LedgerQueries ledger, long from, long to) {
    FocusLines lines = new FocusLines(rates);
    ledger.rows(from, to, lines::add);
    return lines.lines();
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

  private Map<FocusColumn, @Nullable String> values(FocusLine line) {
    FocusLine.Key key = line.key();
    FocusOptions.Provider provider = options.provider(key.provider());
    Map<FocusColumn, @Nullable String> values = new EnumMap<>(FocusColumn.class);
    period(key.day(), values);
    account(key, provider, values);
    values.put(FocusColumn.ServiceCategory, "AI and Machine Learning");
    values.put(FocusColumn.ServiceSubcategory, "Generative AI");
    values.put(FocusColumn.ServiceName, provider.serviceName());
    values.put(FocusColumn.ServiceProviderName, provider.service());
    values.put(FocusColumn.HostProviderName, provider.host());
    values.put(FocusColumn.ProviderName, provider.service());
    values.put(FocusColumn.PublisherName, provider.publisher());
    values.put(FocusColumn.x_ModelPublisher, provider.publisher());
    values.put(FocusColumn.RegionId, orNull(key.region()));
    values.put(FocusColumn.RegionName, orNull(key.region()));
    values.put(FocusColumn.ChargeFrequency, "Usage-Based");
    values.put(FocusColumn.BillingCurrency, "USD");
    values.put(FocusColumn.x_CatalogVersion, orNull(key.version()));
    values.put(FocusColumn.x_CostSource, key.source());
    values.put(FocusColumn.x_RequestCount, Long.toString(line.requests()));
    Meter meter = key.meter();
    FocusRates.Rate rate = key.rate();
    if (meter != null && rate != null) {
      usage(line, meter, rate, values);
    } else {
      values.put(FocusColumn.ChargeCategory, "Adjustment");
      values.put(FocusColumn.ChargeDescription, key.reason());
    }
    costs(line, values);
    return values;
  }

  private static void period(long day, Map<FocusColumn, @Nullable String> values) {
    YearMonth month = YearMonth.from(Instant.ofEpochMilli(day).atZone(ZoneOffset.UTC));
    values.put(FocusColumn.ChargePeriodStart, date(day));
    values.put(FocusColumn.ChargePeriodEnd, date(day + DAY_MILLIS));
    values.put(FocusColumn.BillingPeriodStart, date(month.atDay(1).toEpochDay() * DAY_MILLIS));
    values.put(
        FocusColumn.BillingPeriodEnd, date(month.plusMonths(1).atDay(1).toEpochDay() * DAY_MILLIS));
  }

  private void account(
      FocusLine.Key key,
      FocusOptions.Provider provider,
      Map<FocusColumn, @Nullable String> values) {
    boolean chargeback = options.view() == FocusOptions.View.CHARGEBACK;
    values.put(
        FocusColumn.BillingAccountId,
        chargeback ? "penstock:tenant/" + options.tenant() : provider.accountId());
    values.put(
        FocusColumn.BillingAccountName, chargeback ? options.tenant() : provider.accountName());
    values.put(FocusColumn.BillingAccountType, chargeback ? "Tenant" : "Provider Organization");
    values.put(FocusColumn.InvoiceIssuerName, chargeback ? options.platform() : provider.service());
    FocusLine.Owner owner = key.owner();
    values.put(FocusColumn.SubAccountId, orNull(owner.team()));
    values.put(FocusColumn.SubAccountName, orNull(owner.team()));
    values.put(FocusColumn.SubAccountType, owner.team().isEmpty() ? null : "Team");
    values.put(FocusColumn.x_CredentialId, orNull(owner.key()));
    values.put(FocusColumn.x_PrincipalId, orNull(owner.user()));
    values.put(FocusColumn.Tags, json(new TreeMap<>(owner.tags())));
  }

  private void usage(
      FocusLine line,
      Meter meter,
      FocusRates.Rate rate,
      Map<FocusColumn, @Nullable String> values) {
    FocusLine.Key key = line.key();
    String sku = key.provider() + '/' + key.model() + '/' + meter.label();
    String context = rate.contextTier().isEmpty() ? "" : "/ctx" + rate.contextTier();
    String region = key.region().isEmpty() ? "" : '/' + key.region();
    values.put(FocusColumn.ChargeCategory, "Usage");
    values.put(
        FocusColumn.ChargeDescription,
        key.model() + ' ' + meter.label().replace('_', ' ') + ", " + key.tier());
    values.put(FocusColumn.PricingCategory, "Standard");
    values.put(FocusColumn.SkuId, sku);
    values.put(FocusColumn.SkuMeter, FocusUnits.meter(meter));
    values.put(FocusColumn.SkuPriceId, sku + '/' + key.tier() + context + region);
    Map<String, String> details = new TreeMap<>();
    details.put("x_Model", key.model());
    details.put("x_ServiceTier", key.tier());
    if (!rate.contextTier().isEmpty()) {
      details.put("x_ContextTier", rate.contextTier());
    }
    values.put(FocusColumn.SkuPriceDetails, json(details));
    values.put(FocusColumn.ConsumedQuantity, Long.toString(line.quantity()));
    values.put(FocusColumn.ConsumedUnit, FocusUnits.unit(meter));
    values.put(FocusColumn.PricingQuantity, plain(FocusLines.units(line.quantity(), rate.per())));
    values.put(
        FocusColumn.PricingUnit,
        rate.per() == 1 ? FocusUnits.unit(meter) : rate.per() + " " + FocusUnits.unit(meter));
    values.put(FocusColumn.ListUnitPrice, plain(rate.list()));
    values.put(FocusColumn.ContractedUnitPrice, plain(marked(rate.contracted())));
  }

  private void costs(FocusLine line, Map<FocusColumn, @Nullable String> values) {
    String contracted = plain(marked(line.contracted()));
    values.put(FocusColumn.ListCost, plain(line.list()));
    values.put(FocusColumn.ContractedCost, contracted);
    values.put(FocusColumn.BilledCost, contracted);
    values.put(FocusColumn.EffectiveCost, contracted);
    values.put(
        FocusColumn.x_MarkupCost, plain(marked(line.contracted()).subtract(line.contracted())));
  }

  private BigDecimal marked(BigDecimal amount) {
    return options.view() == FocusOptions.View.CHARGEBACK
        ? amount.multiply(BigDecimal.ONE.add(options.markup()))
        : amount;
  }

  private static String plain(BigDecimal number) {
    return number.signum() == 0 ? "0" : number.stripTrailingZeros().toPlainString();
  }

  private static @Nullable String orNull(String text) {
    return text.isEmpty() ? null : text;
  }

  private static String date(long millis) {
    return String.format(
        Locale.ROOT, "%tFT%<tTZ", Instant.ofEpochMilli(millis).atZone(ZoneOffset.UTC));
  }

  private static String json(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("no JSON form: " + value.getClass(), e);
    }
  }
}

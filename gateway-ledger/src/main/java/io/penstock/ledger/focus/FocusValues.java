package io.penstock.ledger.focus;

import io.penstock.core.price.Meter;
import io.penstock.core.price.NanoUsd;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What the columns of a line say. */
final class FocusValues {
  private static final long DAY_MILLIS = 86_400_000;
  private static final String METHOD = "penstock:share-of-usage";

  private final FocusOptions options;

  FocusValues(FocusOptions options) {
    this.options = options;
  }

  /** Returns the values of a line; a column that is missing is null. */
  Map<FocusColumn, @Nullable String> of(FocusLine line) {
    FocusLine.Key key = line.key();
    FocusOptions.Provider provider = options.provider(key.provider());
    Map<FocusColumn, @Nullable String> values = new EnumMap<>(FocusColumn.class);
    period(line, values);
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
    values.put(FocusColumn.BillingCurrency, "USD");
    values.put(FocusColumn.x_CatalogVersion, orNull(key.version()));
    values.put(FocusColumn.x_CostSource, key.source());
    values.put(FocusColumn.x_RequestCount, Long.toString(line.requests()));
    values.put(FocusColumn.x_CacheHitCount, key.isHits() ? Long.toString(line.quantity()) : "0");
    values.put(FocusColumn.x_AvoidedCost, plain(NanoUsd.toUsd(line.avoided())));
    charge(line, values);
    costs(line, values);
    return values;
  }

  private void charge(FocusLine line, Map<FocusColumn, @Nullable String> values) {
    FocusLine.Key key = line.key();
    Meter meter = key.meter();
    FocusRates.Rate rate = key.rate();
    FocusLine.Allocation allocation = line.allocation();
    values.put(FocusColumn.ChargeFrequency, allocation == null ? "Usage-Based" : "Recurring");
    if (meter != null && rate != null) {
      usage(line, meter, rate, values);
    } else if (key.isHits()) {
      hits(line, values);
    } else {
      values.put(FocusColumn.ChargeCategory, "Adjustment");
      values.put(FocusColumn.ChargeDescription, key.reason());
    }
    if (allocation != null) {
      allocated(key.owner().team(), allocation, values);
    }
  }

  /** A part of a shared cost: by which method, to whom, and from how much usage it follows. */
  private static void allocated(
      String team, FocusLine.Allocation allocation, Map<FocusColumn, @Nullable String> values) {
    values.put(FocusColumn.AllocatedMethodId, METHOD);
    values.put(
        FocusColumn.AllocatedMethodDetails,
        FocusExport.json(
            Map.of(
                "Elements",
                List.of(
                    new TreeMap<>(
                        Map.of(
                            "AllocatedRatio",
                            allocation.ratio(),
                            "UsageQuantity",
                            NanoUsd.toUsd(allocation.usage()).stripTrailingZeros(),
                            "UsageUnit",
                            "USD"))))));
    String name = team.isEmpty() ? "(none)" : team;
    values.put(FocusColumn.AllocatedResourceId, "penstock:team/" + name);
    values.put(FocusColumn.AllocatedResourceName, name);
  }

  /** What the gateway answered itself: a meter of the platform's own, at no price. */
  private static void hits(FocusLine line, Map<FocusColumn, @Nullable String> values) {
    String count = Long.toString(line.quantity());
    values.put(FocusColumn.ChargeCategory, "Usage");
    values.put(FocusColumn.ChargeDescription, line.key().reason());
    values.put(FocusColumn.PricingCategory, "Standard");
    values.put(FocusColumn.SkuId, "penstock/cache/hits");
    values.put(FocusColumn.SkuMeter, "Gateway Cache Hits");
    values.put(FocusColumn.SkuPriceId, "penstock/cache/hits/standard");
    values.put(FocusColumn.SkuPriceDetails, "{\"x_ServiceTier\":\"standard\"}");
    values.put(FocusColumn.ConsumedQuantity, count);
    values.put(FocusColumn.ConsumedUnit, "Requests");
    values.put(FocusColumn.PricingQuantity, count);
    values.put(FocusColumn.PricingUnit, "Requests");
    values.put(FocusColumn.ListUnitPrice, "0");
    values.put(FocusColumn.ContractedUnitPrice, "0");
  }

  private static void period(FocusLine line, Map<FocusColumn, @Nullable String> values) {
    long day = line.key().day();
    YearMonth month = YearMonth.from(Instant.ofEpochMilli(day).atZone(ZoneOffset.UTC));
    String start = FocusExport.date(month.atDay(1).toEpochDay() * DAY_MILLIS);
    String end = FocusExport.date(month.plusMonths(1).atDay(1).toEpochDay() * DAY_MILLIS);
    boolean whole = line.allocation() != null;
    values.put(FocusColumn.ChargePeriodStart, FocusExport.date(day));
    values.put(FocusColumn.ChargePeriodEnd, whole ? end : FocusExport.date(day + DAY_MILLIS));
    values.put(FocusColumn.BillingPeriodStart, start);
    values.put(FocusColumn.BillingPeriodEnd, end);
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
    values.put(FocusColumn.Tags, FocusExport.json(new TreeMap<>(owner.tags())));
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
    values.put(FocusColumn.SkuPriceDetails, FocusExport.json(details));
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
    // A shared cost is the platform's own: nothing is added to it.
    BigDecimal cost = line.allocation() == null ? marked(line.contracted()) : line.contracted();
    String contracted = plain(cost);
    values.put(FocusColumn.ListCost, plain(line.list()));
    values.put(FocusColumn.ContractedCost, contracted);
    values.put(FocusColumn.BilledCost, contracted);
    values.put(FocusColumn.EffectiveCost, contracted);
    values.put(FocusColumn.x_MarkupCost, plain(cost.subtract(line.contracted())));
  }

  private BigDecimal marked(BigDecimal amount) {
    return options.view() == FocusOptions.View.CHARGEBACK
        ? amount.multiply(BigDecimal.ONE.add(options.terms().markup()))
        : amount;
  }

  private static String plain(BigDecimal number) {
    return number.signum() == 0 ? "0" : number.stripTrailingZeros().toPlainString();
  }

  private static @Nullable String orNull(String text) {
    return text.isEmpty() ? null : text;
  }
}

package io.penstock.ledger.focus;

import io.penstock.core.price.Meter;
import io.penstock.core.price.NanoUsd;
import io.penstock.ledger.statement.Statements;
import java.math.BigDecimal;
import java.time.YearMonth;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What the columns of a line say. */
final class FocusValues {
  private static final long DAY_MILLIS = 86_400_000;
  private static final String METHOD = "penstock:share-of-usage";
  private static final String NOBODY = "(none)";

  private final FocusOptions options;
  private final Set<YearMonth> closed;

  /**
   * @param closed months whose statements were issued
   */
  FocusValues(FocusOptions options, Set<YearMonth> closed) {
    this.options = options;
    this.closed = closed;
  }

  /** Returns the values of a line; a column that is missing is null. */
  Map<FocusColumn, @Nullable String> of(FocusLine line) {
    FocusLine.Key key = line.key();
    FocusLine.Service service = key.service();
    FocusOptions.Provider provider = options.provider(service.provider());
    Map<FocusColumn, @Nullable String> values = new EnumMap<>(FocusColumn.class);
    period(line, values);
    account(key, provider, values);
    values.put(FocusColumn.ServiceCategory, "AI and Machine Learning");
    values.put(FocusColumn.ServiceSubcategory, service.subcategory());
    values.put(FocusColumn.ServiceName, provider.serviceName());
    values.put(FocusColumn.ServiceProviderName, provider.service());
    values.put(FocusColumn.HostProviderName, provider.host());
    values.put(FocusColumn.ProviderName, provider.service());
    values.put(FocusColumn.PublisherName, provider.publisher());
    values.put(FocusColumn.x_ModelPublisher, provider.publisher());
    values.put(FocusColumn.RegionId, orNull(service.region()));
    values.put(FocusColumn.RegionName, orNull(service.region()));
    values.put(FocusColumn.BillingCurrency, "USD");
    values.put(FocusColumn.x_CatalogVersion, orNull(key.version()));
    values.put(FocusColumn.x_CostSource, costSource(key));
    values.put(FocusColumn.x_UsageSource, key.source().name().toLowerCase(Locale.ROOT));
    values.put(FocusColumn.x_RequestCount, Long.toString(line.requests()));
    values.put(
        FocusColumn.x_CacheHitCount,
        key.kind() == FocusLine.Kind.HITS ? Long.toString(line.quantity()) : "0");
    values.put(FocusColumn.x_AvoidedCost, plain(NanoUsd.toUsd(line.avoided())));
    charge(line, values);
    costs(line, values);
    return values;
  }

  /** Usage at catalogue prices is an estimate of the bill until it was reconciled. */
  private static String costSource(FocusLine.Key key) {
    return switch (key.kind()) {
      case HITS, SHARED -> "configured";
      case LATER, CORRECTION -> "corrected";
      case CALLS ->
          switch (key.source()) {
            case RECONCILED -> "reconciled";
            case NONE -> "corrected"; // a cost without a call: booked by hand
            case REPORTED, ESTIMATED -> "estimated";
          };
    };
  }

  private void charge(FocusLine line, Map<FocusColumn, @Nullable String> values) {
    FocusLine.Key key = line.key();
    Meter meter = key.meter();
    FocusRates.Rate rate = key.rate();
    FocusLine.Allocation allocation = line.allocation();
    values.put(FocusColumn.ChargeFrequency, allocation == null ? "Usage-Based" : "Recurring");
    if (key.kind() == FocusLine.Kind.CORRECTION) {
      values.put(FocusColumn.ChargeClass, "Correction");
    }
    if (meter != null && rate != null) {
      usage(line, meter, rate, values);
    } else if (key.kind() == FocusLine.Kind.HITS) {
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
    String name = team.isEmpty() ? NOBODY : team;
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

  private void period(FocusLine line, Map<FocusColumn, @Nullable String> values) {
    long day = line.key().day();
    YearMonth month = Statements.month(day);
    String start = FocusExport.date(Statements.start(month));
    String end = FocusExport.date(Statements.start(month.plusMonths(1)));
    boolean whole = line.key().kind().isMonthly();
    String team = line.key().owner().team();
    values.put(
        FocusColumn.InvoiceId,
        closed.contains(month)
            ? "penstock:statement/" + month + '/' + (team.isEmpty() ? NOBODY : team)
            : null);
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
    TreeMap<String, String> tags = new TreeMap<>(owner.tags());
    // What an application says of itself may hold what it should not: no key leaves by an export.
    tags.replaceAll((name, value) -> FocusCheck.looksLikeKey(value) ? "(redacted)" : value);
    values.put(FocusColumn.Tags, FocusExport.json(tags));
  }

  private void usage(
      FocusLine line,
      Meter meter,
      FocusRates.Rate rate,
      Map<FocusColumn, @Nullable String> values) {
    FocusLine.Key key = line.key();
    FocusLine.Service service = key.service();
    String sku = service.provider() + '/' + service.model() + '/' + meter.label();
    String context = rate.contextTier().isEmpty() ? "" : "/ctx" + rate.contextTier();
    String hours = rate.hours().isEmpty() ? "" : '/' + rate.hours();
    String region = service.region().isEmpty() ? "" : '/' + service.region();
    values.put(FocusColumn.ChargeCategory, "Usage");
    values.put(
        FocusColumn.ChargeDescription,
        service.model() + ' ' + meter.label().replace('_', ' ') + ", " + service.tier());
    values.put(FocusColumn.PricingCategory, "Standard");
    values.put(FocusColumn.SkuId, sku);
    values.put(FocusColumn.SkuMeter, FocusUnits.meter(meter));
    values.put(FocusColumn.SkuPriceId, sku + '/' + service.tier() + context + hours + region);
    Map<String, String> details = new TreeMap<>();
    details.put("x_Model", service.model());
    details.put("x_ServiceTier", service.tier());
    if (!rate.contextTier().isEmpty()) {
      details.put("x_ContextTier", rate.contextTier());
    }
    if (!rate.hours().isEmpty()) {
      details.put("x_Hours", rate.hours());
    }
    values.put(FocusColumn.SkuPriceDetails, FocusExport.json(details));
    values.put(FocusColumn.ConsumedQuantity, Long.toString(line.quantity()));
    values.put(FocusColumn.ConsumedUnit, FocusUnits.unit(meter));
    values.put(FocusColumn.PricingQuantity, plain(FocusUnits.units(line.quantity(), rate.per())));
    values.put(
        FocusColumn.PricingUnit,
        rate.per() == 1 ? FocusUnits.unit(meter) : rate.per() + " " + FocusUnits.unit(meter));
    values.put(FocusColumn.ListUnitPrice, plain(rate.list()));
    values.put(FocusColumn.ContractedUnitPrice, plain(marked(rate.contracted())));
  }

  private void costs(FocusLine line, Map<FocusColumn, @Nullable String> values) {
    // A shared cost is the platform's own: nothing is added to it.
    BigDecimal cost =
        line.key().kind() == FocusLine.Kind.SHARED ? line.contracted() : marked(line.contracted());
    String contracted = plain(cost);
    values.put(FocusColumn.ListCost, plain(line.list()));
    values.put(FocusColumn.ContractedCost, contracted);
    values.put(FocusColumn.BilledCost, contracted);
    values.put(FocusColumn.EffectiveCost, contracted);
    values.put(FocusColumn.x_MarkupCost, plain(cost.subtract(line.contracted())));
  }

  private BigDecimal marked(BigDecimal amount) {
    return options.view() == FocusOptions.View.CHARGEBACK
        ? FocusUnits.scaled(amount.multiply(BigDecimal.ONE.add(options.terms().markup())))
        : amount;
  }

  private static String plain(BigDecimal number) {
    return number.signum() == 0 ? "0" : number.stripTrailingZeros().toPlainString();
  }

  private static @Nullable String orNull(String text) {
    return text.isEmpty() ? null : text;
  }
}

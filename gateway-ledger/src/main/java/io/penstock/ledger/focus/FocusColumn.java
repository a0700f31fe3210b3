package io.penstock.ledger.focus;

import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The columns: FOCUS ones in alphabetical order, then ours, which begin with {@code x_}. */
enum FocusColumn {
  AllocatedMethodDetails(Type.JSON, Level.NULLABLE),
  AllocatedMethodId(Type.STRING, Level.NULLABLE),
  AllocatedResourceId(Type.STRING, Level.NULLABLE),
  AllocatedResourceName(Type.STRING, Level.NULLABLE),
  BilledCost(Type.DECIMAL, Level.MANDATORY),
  BillingAccountId(Type.STRING, Level.MANDATORY),
  BillingAccountName(Type.STRING, Level.NULLABLE),
  BillingAccountType(Type.STRING, Level.MANDATORY),
  BillingCurrency(Type.STRING, Level.MANDATORY),
  BillingPeriodEnd(Type.DATE, Level.MANDATORY),
  BillingPeriodStart(Type.DATE, Level.MANDATORY),
  ChargeCategory(Type.STRING, Level.MANDATORY),
  ChargeClass(Type.STRING, Level.NULLABLE),
  ChargeDescription(Type.STRING, Level.NULLABLE),
  ChargeFrequency(Type.STRING, Level.MANDATORY),
  ChargePeriodEnd(Type.DATE, Level.MANDATORY),
  ChargePeriodStart(Type.DATE, Level.MANDATORY),
  ConsumedQuantity(Type.DECIMAL, Level.NULLABLE),
  ConsumedUnit(Type.STRING, Level.NULLABLE),
  ContractedCost(Type.DECIMAL, Level.MANDATORY),
  ContractedUnitPrice(Type.DECIMAL, Level.NULLABLE),
  EffectiveCost(Type.DECIMAL, Level.MANDATORY),
  HostProviderName(Type.STRING, Level.MANDATORY),
  InvoiceId(Type.STRING, Level.NULLABLE),
  InvoiceIssuerName(Type.STRING, Level.MANDATORY),
  ListCost(Type.DECIMAL, Level.MANDATORY),
  ListUnitPrice(Type.DECIMAL, Level.NULLABLE),
  PricingCategory(Type.STRING, Level.NULLABLE),
  PricingQuantity(Type.DECIMAL, Level.NULLABLE),
  PricingUnit(Type.STRING, Level.NULLABLE),
  ProviderName(Type.STRING, Level.MANDATORY),
  PublisherName(Type.STRING, Level.MANDATORY),
  RegionId(Type.STRING, Level.NULLABLE),
  RegionName(Type.STRING, Level.NULLABLE),
  ServiceCategory(Type.STRING, Level.MANDATORY),
  ServiceName(Type.STRING, Level.MANDATORY),
  ServiceProviderName(Type.STRING, Level.MANDATORY),
  ServiceSubcategory(Type.STRING, Level.MANDATORY),
  SkuId(Type.STRING, Level.NULLABLE),
  SkuMeter(Type.STRING, Level.NULLABLE),
  SkuPriceDetails(Type.JSON, Level.NULLABLE),
  SkuPriceId(Type.STRING, Level.NULLABLE),
  SubAccountId(Type.STRING, Level.NULLABLE),
  SubAccountName(Type.STRING, Level.NULLABLE),
  SubAccountType(Type.STRING, Level.NULLABLE),
  Tags(Type.JSON, Level.MANDATORY),
  x_AvoidedCost(Type.DECIMAL, Level.MANDATORY),
  x_CacheHitCount(Type.DECIMAL, Level.MANDATORY),
  x_CatalogVersion(Type.STRING, Level.NULLABLE),
  x_CostSource(Type.STRING, Level.MANDATORY),
  x_CredentialId(Type.STRING, Level.NULLABLE),
  x_MarkupCost(Type.DECIMAL, Level.MANDATORY),
  x_ModelPublisher(Type.STRING, Level.MANDATORY),
  x_PrincipalId(Type.STRING, Level.NULLABLE),
  x_RequestCount(Type.DECIMAL, Level.MANDATORY),
  x_UsageSource(Type.STRING, Level.MANDATORY);

  private static final Set<FocusColumn> OLD_PROVIDERS = Set.of(ProviderName, PublisherName);
  private static final Set<FocusColumn> NEW_PROVIDERS =
      Set.of(ServiceProviderName, HostProviderName);

  private static final Set<FocusColumn> ALLOCATED =
      Set.of(AllocatedMethodDetails, AllocatedMethodId, AllocatedResourceId, AllocatedResourceName);

  /** Types of the specification. */
  enum Type {
    STRING("String"),
    DECIMAL("Decimal"),
    DATE("Date/Time"),
    JSON("JSON");

    private final String label;

    Type(String label) {
      this.label = label;
    }

    String label() {
      return label;
    }
  }

  /** Whether a value may be absent. The column itself never is. */
  enum Level {
    MANDATORY,
    NULLABLE
  }

  private final Type type;
  private final Level level;

  FocusColumn(Type type, Level level) {
    this.type = type;
    this.level = level;
  }

  Type type() {
    return type;
  }

  Level level() {
    return level;
  }

  /**
   * Returns the columns that apply: invoices and split costs are the platform's own, so that what a
   * provider will bill has neither.
   */
  static List<FocusColumn> of(FocusOptions.Version version, FocusOptions.View view) {
    boolean chargeback = view == FocusOptions.View.CHARGEBACK;
    return Stream.of(values())
        .filter(column -> version.hasProviderName() || !OLD_PROVIDERS.contains(column))
        .filter(column -> version.hasServiceProviderName() || !NEW_PROVIDERS.contains(column))
        .filter(column -> chargeback || column != InvoiceId)
        .filter(column -> chargeback && version.hasAllocation() || !ALLOCATED.contains(column))
        .toList();
  }
}

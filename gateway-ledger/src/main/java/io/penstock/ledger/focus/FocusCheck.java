package io.penstock.ledger.focus;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.ledger.report.Csv;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Checks an export against the rules of the specification that apply to what the gateway writes.
 * The official validator checks more; docs/reports.md says how to run it.
 */
public final class FocusCheck {
  private static final Pattern DATE = Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ");
  private static final Pattern DECIMAL = Pattern.compile("-?\\d+(\\.\\d+)?(E-?\\d+)?");

  /** Keys of providers and of gateways, and tokens: each has a digit somewhere. */
  private static final Pattern SECRET =
      Pattern.compile(
          "\\b((sk|pk|xai|pplx)-(?=[\\w-]*\\d)[\\w-]{8,}|gsk_\\w{16,}|AKIA[0-9A-Z]{16}"
              + "|AIza[\\w-]{30,}|eyJ[\\w-]{8,}\\.[\\w-]{8,}\\.)");

  private static final BigDecimal TOLERANCE = new BigDecimal("1e-9");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Map<FocusColumn, Set<String>> ALLOWED =
      Map.of(
          FocusColumn.ChargeCategory,
          Set.of("Usage", "Purchase", "Credit", "Tax", "Adjustment"),
          FocusColumn.ChargeClass,
          Set.of("Correction"),
          FocusColumn.ChargeFrequency,
          Set.of("One-Time", "Recurring", "Usage-Based"),
          FocusColumn.PricingCategory,
          Set.of("Standard", "Dynamic", "Committed", "Other"),
          FocusColumn.ServiceCategory,
          Set.of("AI and Machine Learning"),
          FocusColumn.ServiceSubcategory,
          Set.of(FocusUnits.GENERATIVE, "Machine Learning", "Natural Language Processing"),
          FocusColumn.BillingCurrency,
          Set.of("USD"),
          FocusColumn.x_CostSource,
          Set.of("estimated", "reconciled", "corrected", "configured"),
          FocusColumn.x_UsageSource,
          Set.of("reported", "estimated", "reconciled", "none"));

  private final List<String> problems = new ArrayList<>();
  private final Map<String, String> skuOfPrice = new HashMap<>();
  private final Map<String, String> listOfPrice = new HashMap<>();

  private FocusCheck() {}

  /** Returns every problem with its line; empty when there is none. */
  public static List<String> problems(
      String csv, FocusOptions.Version version, FocusOptions.View view) {
    FocusCheck check = new FocusCheck();
    List<List<String>> records = Csv.parse(csv);
    List<FocusColumn> columns = FocusColumn.of(version, view);
    List<String> names = columns.stream().map(Enum::name).toList();
    if (records.isEmpty() || !records.getFirst().equals(names)) {
      check.problems.add(
          "head: "
              + (records.isEmpty() ? "none" : records.getFirst())
              + " (expected: "
              + names
              + ")");
      return check.problems;
    }
    for (int i = 1; i < records.size(); i++) {
      check.line(i + 1, columns, records.get(i));
    }
    return check.problems;
  }

  /** Returns whether a text has what may be a key in it. */
  static boolean looksLikeKey(String text) {
    return SECRET.matcher(text).find();
  }

  private void line(int number, List<FocusColumn> columns, List<String> record) {
    if (record.size() != columns.size()) {
      problem(number, "has " + record.size() + " fields (expected: " + columns.size() + ")");
      return;
    }
    Line line = new Line(number, new HashMap<>());
    int before = problems.size();
    for (int i = 0; i < columns.size(); i++) {
      line.values.put(columns.get(i), record.get(i));
      value(number, columns.get(i), record.get(i));
    }
    if (problems.size() > before) {
      return; // what is no number can't be compared with one
    }
    periods(line);
    nulls(line);
    costs(line);
    prices(line);
    flat(line, FocusColumn.Tags);
    flat(line, FocusColumn.SkuPriceDetails);
    allocation(line);
  }

  private void value(int number, FocusColumn column, String value) {
    if (value.isEmpty()) {
      if (column.level() == FocusColumn.Level.MANDATORY) {
        problem(number, column + " is null (expected: a value)");
      }
      return;
    }
    boolean typed =
        switch (column.type()) {
          case DECIMAL ->
              DECIMAL.matcher(value).matches() && new BigDecimal(value).scale() <= FocusUnits.SCALE;
          case DATE -> DATE.matcher(value).matches();
          case STRING, JSON -> !value.equals("NULL") && value.length() <= FocusMetadata.LONGEST;
        };
    if (!typed) {
      problem(number, column + ": " + value + " (expected: " + column.type().label() + ")");
    }
    Set<String> allowed = ALLOWED.get(column);
    if (allowed != null && !allowed.contains(value)) {
      problem(number, column + ": " + value + " (expected: one of " + allowed + ")");
    }
    if (looksLikeKey(value)) {
      problem(number, column + " holds what looks like a key");
    }
  }

  private void periods(Line line) {
    Instant start = Instant.parse(line.get(FocusColumn.ChargePeriodStart));
    Instant end = Instant.parse(line.get(FocusColumn.ChargePeriodEnd));
    Instant month = Instant.parse(line.get(FocusColumn.BillingPeriodStart));
    Instant next = Instant.parse(line.get(FocusColumn.BillingPeriodEnd));
    if (!start.isBefore(end) || start.isBefore(month) || end.isAfter(next)) {
      problem(line.number, "charge period is not inside the billing period");
    }
  }

  private void nulls(Line line) {
    boolean usage = line.get(FocusColumn.ChargeCategory).equals("Usage");
    for (FocusColumn column :
        List.of(
            FocusColumn.ConsumedQuantity,
            FocusColumn.ConsumedUnit,
            FocusColumn.PricingQuantity,
            FocusColumn.PricingUnit,
            FocusColumn.ListUnitPrice,
            FocusColumn.ContractedUnitPrice,
            FocusColumn.PricingCategory,
            FocusColumn.SkuId,
            FocusColumn.SkuPriceId,
            FocusColumn.SkuMeter)) {
      if (line.get(column).isEmpty() == usage) {
        problem(line.number, column + (usage ? " is null on usage" : " is set without usage"));
      }
    }
    if (usage && !line.get(FocusColumn.ChargeClass).isEmpty()) {
      problem(line.number, "ChargeClass is set on usage, which is never issued twice");
    }
    if (line.get(FocusColumn.SubAccountId).isEmpty()
        != line.get(FocusColumn.SubAccountType).isEmpty()) {
      problem(line.number, "SubAccountId and SubAccountType are not both set or both null");
    }
  }

  private void costs(Line line) {
    if (line.get(FocusColumn.ChargeCategory).equals("Usage")) {
      product(line, FocusColumn.ListUnitPrice, FocusColumn.ListCost);
      product(line, FocusColumn.ContractedUnitPrice, FocusColumn.ContractedCost);
    }
    if (line.decimal(FocusColumn.EffectiveCost).compareTo(line.decimal(FocusColumn.BilledCost))
        != 0) {
      problem(line.number, "EffectiveCost differs from BilledCost without a commitment");
    }
  }

  private void product(Line line, FocusColumn price, FocusColumn cost) {
    if (line.get(price).isEmpty() || line.get(FocusColumn.PricingQuantity).isEmpty()) {
      return;
    }
    BigDecimal product = line.decimal(price).multiply(line.decimal(FocusColumn.PricingQuantity));
    if (product.subtract(line.decimal(cost)).abs().compareTo(TOLERANCE) > 0) {
      problem(
          line.number,
          price
              + " x PricingQuantity is "
              + product.toPlainString()
              + ", "
              + cost
              + " is "
              + line.get(cost));
    }
  }

  private void prices(Line line) {
    String price = line.get(FocusColumn.SkuPriceId);
    if (price.isEmpty()) {
      return;
    }
    String sku = line.get(FocusColumn.SkuId);
    if (!Objects.requireNonNullElse(skuOfPrice.putIfAbsent(price, sku), sku).equals(sku)) {
      problem(line.number, "SkuPriceId " + price + " belongs to two SkuIds");
    }
    String at =
        price
            + '|'
            + line.get(FocusColumn.ChargePeriodStart)
            + '|'
            + line.get(FocusColumn.x_CatalogVersion);
    String list = line.get(FocusColumn.ListUnitPrice);
    if (!Objects.requireNonNullElse(listOfPrice.putIfAbsent(at, list), list).equals(list)) {
      problem(line.number, "SkuPriceId " + price + " has two list prices on one day");
    }
  }

  private void allocation(Line line) {
    boolean allocated = !line.get(FocusColumn.AllocatedMethodId).isEmpty();
    for (FocusColumn column :
        List.of(
            FocusColumn.AllocatedMethodDetails,
            FocusColumn.AllocatedResourceId,
            FocusColumn.AllocatedResourceName)) {
      if (line.get(column).isEmpty() == allocated) {
        problem(
            line.number, column + (allocated ? " is null on a split cost" : " is set without one"));
      }
    }
  }

  private void flat(Line line, FocusColumn column) {
    String text = line.get(column);
    if (text.isEmpty()) {
      return;
    }
    try {
      JsonNode json = JSON.readTree(text);
      boolean flat = json.isObject();
      for (JsonNode value : json) {
        flat &= value.isValueNode();
      }
      if (!flat) {
        problem(line.number, column + ": " + text + " (expected: a flat JSON object)");
      }
    } catch (JsonProcessingException e) {
      problem(line.number, column + ": " + text + " (expected: JSON)");
    }
  }

  private void problem(int line, String text) {
    problems.add("line " + line + ": " + text);
  }

  private record Line(int number, Map<FocusColumn, String> values) {
    String get(FocusColumn column) {
      return values.getOrDefault(column, "");
    }

    BigDecimal decimal(FocusColumn column) {
      return new BigDecimal(get(column));
    }
  }
}

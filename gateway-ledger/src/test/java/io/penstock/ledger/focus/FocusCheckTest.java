package io.penstock.ledger.focus;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.ledger.SqlLedger;
import io.penstock.ledger.report.Csv;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An export that is broken in one place is caught there: a test for each check. */
final class FocusCheckTest {
  private static final FocusOptions.Version VERSION = FocusOptions.Version.V1_4;
  private static final FocusOptions.View VIEW = FocusOptions.View.PROVIDER;

  @TempDir static Path directory;

  /** Never changed. */
  private static String csv = "";

  @BeforeAll
  static void export() throws IOException {
    try (SqlLedger ledger = FocusSample.ledger(directory, new Random(14))) {
      csv = FocusSample.export(ledger, FocusOptions.of(VIEW));
    }
    assertThat(FocusCheck.problems(csv, VERSION, VIEW)).isEmpty();
  }

  private static void assertBroken(String broken, String expected) {
    assertThat(FocusCheck.problems(broken, VERSION, VIEW))
        .anyMatch(problem -> problem.contains(expected));
  }

  /** Returns the export with another value in the first line of that category. */
  private static String edited(String category, String column, String value) throws IOException {
    List<List<String>> records = Csv.parse(csv);
    List<String> head = records.getFirst();
    List<String> first =
        records.stream().filter(record -> record.contains(category)).findFirst().orElseThrow();
    List<String> line = new ArrayList<>(first);
    line.set(head.indexOf(column), value);
    records.set(records.indexOf(first), line);
    StringBuilder out = new StringBuilder();
    for (List<String> record : records) {
      Csv.write(out, record);
    }
    return out.toString();
  }

  private static String edited(String column, String value) throws IOException {
    return edited("Usage", column, value);
  }

  @Test
  void columns_areThoseThatApplyToVersionAndView() {
    assertBroken(csv.replace("BilledCost", "Cost"), "head");
    assertBroken("", "head: none");
    assertBroken(csv + "1,2\n", "has 2 fields");
    for (FocusOptions.Version version : FocusOptions.Version.values()) {
      List<String> provider = names(version, FocusOptions.View.PROVIDER);
      List<String> teams = names(version, FocusOptions.View.CHARGEBACK);
      assertThat(provider).contains("BilledCost", "SkuPriceId", "Tags", "ContractedUnitPrice");
      assertThat(provider).noneMatch(name -> name.startsWith("Allocated"));
      assertThat(provider).doesNotContain("InvoiceId");
      assertThat(teams).containsAll(provider).contains("InvoiceId");
      assertThat(teams.contains("AllocatedMethodId")).isEqualTo(version.hasAllocation());
      assertThat(teams.contains("ProviderName")).isEqualTo(version != FocusOptions.Version.V1_4);
      assertThat(teams.contains("HostProviderName"))
          .isEqualTo(version != FocusOptions.Version.V1_2);
      // Ours come after those of the specification.
      assertThat(teams.subList(teams.indexOf("Tags") + 1, teams.size()))
          .allMatch(name -> name.startsWith("x_"));
    }
  }

  private static List<String> names(FocusOptions.Version version, FocusOptions.View view) {
    return FocusColumn.of(version, view).stream().map(Enum::name).toList();
  }

  @Test
  void types_numbersDatesAndTexts() throws IOException {
    assertBroken(csv.replace("2026-12-01T00:00:00Z", "2026-12-01"), "Date/Time");
    assertBroken(edited("ListUnitPrice", "+0.1537"), "Decimal");
    assertBroken(edited("ConsumedQuantity", "1,000"), "Decimal");
    assertBroken(edited("BilledCost", "0.123456789012345678"), "Decimal");
    assertBroken(edited("ConsumedUnit", "NULL"), "ConsumedUnit: NULL");
    assertBroken(edited("ChargeDescription", "x".repeat(20_000)), "String");
  }

  @Test
  void values_onlyThoseOfTheSpecification() throws IOException {
    assertBroken(edited("ChargeCategory", "Use"), "ChargeCategory");
    assertBroken(edited("ChargeFrequency", "Sometimes"), "ChargeFrequency");
    assertBroken(edited("Adjustment", "ChargeClass", "Corrected"), "ChargeClass");
    assertBroken(edited("PricingCategory", "Cheap"), "PricingCategory");
    assertBroken(edited("ServiceCategory", "AI"), "ServiceCategory");
    assertBroken(edited("ServiceSubcategory", "Databases"), "ServiceSubcategory");
    assertBroken(edited("BillingCurrency", "usd"), "BillingCurrency");
    assertBroken(edited("x_CostSource", "guess"), "x_CostSource");
  }

  @Test
  void nulls_onUsageAndWithoutIt() throws IOException {
    assertBroken(edited("ServiceCategory", ""), "ServiceCategory is null");
    assertBroken(edited("BilledCost", ""), "BilledCost is null");
    for (String column :
        List.of("ConsumedQuantity", "ConsumedUnit", "PricingQuantity", "SkuId", "SkuPriceId")) {
      assertBroken(edited(column, ""), column + " is null on usage");
    }
    assertBroken(edited("PricingCategory", ""), "PricingCategory is null on usage");
    assertBroken(edited("Adjustment", "SkuMeter", "Tokens"), "SkuMeter is set without usage");
    assertBroken(edited("ChargeClass", "Correction"), "ChargeClass is set on usage");
    assertBroken(edited("SubAccountType", ""), "both set or both null");
  }

  @Test
  void unitPriceTimesQuantity_isTheCost() throws IOException {
    assertBroken(edited("ListUnitPrice", "0.2537"), "ListUnitPrice x PricingQuantity");
    assertBroken(edited("ContractedCost", "123"), "ContractedUnitPrice x PricingQuantity");
    assertBroken(edited("PricingQuantity", "123"), "x PricingQuantity");
  }

  @Test
  void effectiveCost_isTheBilledCost() throws IOException {
    assertBroken(edited("EffectiveCost", "123"), "differs from BilledCost");
  }

  @Test
  void periods_areHalfOpenAndInsideTheBillingPeriod() throws IOException {
    assertBroken(edited("ChargePeriodEnd", "2027-01-02T00:00:00Z"), "period");
    assertBroken(edited("ChargePeriodStart", "2026-10-31T00:00:00Z"), "period");
    assertBroken(edited("ChargePeriodEnd", "2026-11-30T00:00:00Z"), "period");
  }

  @Test
  void tagsAndDetails_areFlat() throws IOException {
    assertBroken(edited("Tags", "{\"project\":{}}"), "a flat JSON object");
    assertBroken(edited("Tags", "[]"), "a flat JSON object");
    assertBroken(edited("SkuPriceDetails", "{"), "expected: JSON");
  }

  @Test
  void skuPriceId_hasOneSkuAndOneListPriceADay() throws IOException {
    assertBroken(edited("SkuId", "another"), "two SkuIds");
    String again = edited("ListUnitPrice", "0.7").lines().skip(1).findFirst().orElseThrow();
    assertBroken(csv + again + "\n", "two list prices");
  }

  @Test
  void keyMaterial_isInNoColumn() throws IOException {
    for (String key :
        List.of(
            "sk-12345678abcdef",
            "pk-0a1b2c3d4e5f",
            "AKIA0123456789ABCDEF",
            "eyJhbGciOiJI.eyJzdWIiOiIx.x")) {
      assertBroken(edited("ChargeDescription", "of " + key), "key");
    }
    assertThat(FocusCheck.problems(edited("ChargeDescription", "sk-learn-project"), VERSION, VIEW))
        .isEmpty();
  }
}

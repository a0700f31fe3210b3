package io.penstock.core.price;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The price catalogue with what the operator laid over it. Immutable; thread-safe. Its version is a
 * hash of everything that went in, so that a ledger row says exactly which prices it used.
 */
public final class PriceBook {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String BUNDLED = "prices.json";

  /** What to do with a model that has no price. */
  public enum Unknown {
    DENY,
    HIGHEST,
    FREE
  }

  /** A share off the list price of the targets that a glob such as {@code openai/*} matches. */
  public record Discount(Pattern targets, int basisPoints) {
    /** Returns the discount of a glob. */
    public static Discount of(String glob, int basisPoints) {
      return new Discount(Catalogue.glob(glob), basisPoints);
    }
  }

  /** Refuses a catalogue; the message has all problems, one per line. */
  public static final class CatalogueException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient List<Misprint> problems;

    CatalogueException(List<Misprint> problems) {
      this("the price catalogue is not valid: ", problems, Misprint::toString);
    }

    private CatalogueException(
        String before, List<Misprint> problems, Function<Misprint, String> told) {
      super(before + String.join("\n", problems.stream().map(told).toList()));
      this.problems = List.copyOf(problems);
    }

    /** Returns the same with each problem in other words, such as with its file and line. */
    public CatalogueException told(Function<Misprint, String> by) {
      return new CatalogueException("", problems, by);
    }
  }

  private final Map<String, Catalogue.Vendor> vendors;
  private final Map<Meter, Integer> per;
  private final List<Discount> discounts;
  private final Unknown unknown;
  private final String version;

  private PriceBook(
      Map<String, Catalogue.Vendor> vendors,
      Map<Meter, Integer> per,
      List<Discount> discounts,
      Unknown unknown,
      String version) {
    this.vendors = vendors;
    this.per = per;
    this.discounts = discounts;
    this.unknown = unknown;
    this.version = version;
  }

  /** Returns the catalogue that comes with Penstock. */
  public static JsonNode bundled() {
    try (InputStream in = PriceBook.class.getResourceAsStream(BUNDLED)) {
      if (in == null) {
        throw new IllegalStateException(BUNDLED + " is missing from the jar");
      }
      return MAPPER.readTree(in);
    } catch (IOException e) {
      throw new IllegalStateException(BUNDLED + " in the jar cannot be read", e);
    }
  }

  /**
   * Makes a book.
   *
   * @param catalogue the base, in the schema {@code prices/1}
   * @param overlays files laid over it, later ones win
   * @throws CatalogueException with all problems
   */
  public static PriceBook of(
      JsonNode catalogue, List<JsonNode> overlays, List<Discount> discounts, Unknown unknown) {
    List<Misprint> problems = new ArrayList<>();
    if (!catalogue.path("schema").asText().equals("prices/1")) {
      problems.add(
          new Misprint(
              -1, List.of("schema"), "", catalogue.path("schema").toString(), "\"prices/1\""));
    }
    CatalogueReader reader = new CatalogueReader(-1, problems);
    Map<Meter, Integer> per = reader.meters(catalogue);
    Map<String, Catalogue.Vendor> vendors = new LinkedHashMap<>();
    reader.read(catalogue, vendors);
    for (int i = 0; i < overlays.size(); i++) {
      new CatalogueReader(i, problems).read(overlays.get(i), vendors);
    }
    if (!problems.isEmpty()) {
      throw new CatalogueException(problems);
    }
    String version = version(catalogue, overlays, discounts);
    return new PriceBook(vendors, per, List.copyOf(discounts), unknown, version);
  }

  private static String version(
      JsonNode catalogue, List<JsonNode> overlays, List<Discount> discounts) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
    digest.update(catalogue.toString().getBytes(StandardCharsets.UTF_8));
    overlays.forEach(o -> digest.update(o.toString().getBytes(StandardCharsets.UTF_8)));
    discounts.forEach(d ->
        digest.update(
            (d.targets().pattern() + "=" + d.basisPoints()).getBytes(StandardCharsets.UTF_8)));
    String hash = HexFormat.of().formatHex(digest.digest()).substring(0, 10);
    return catalogue.path("generated").asText("custom") + "-" + hash;
  }

  /** Returns the version: the catalogue's day and a hash of all that went in. */
  public String version() {
    return version;
  }

  Map<Meter, Integer> per() {
    return per;
  }

  boolean refusesUnpriced() {
    return unknown == Unknown.DENY;
  }

  /** Returns how many counts the catalogue's rates of that meter are for. */
  public int per(Meter meter) {
    return per.getOrDefault(meter, 1);
  }

  /** Returns the providers whose prices are known. */
  public Set<String> providers() {
    return vendors.keySet();
  }

  /** Returns the ids of a provider's models. */
  public Collection<String> models(String catalogue) {
    Catalogue.Vendor vendor = vendors.get(catalogue);
    return vendor == null ? List.of() : vendor.models().keySet();
  }

  /**
   * Returns what a target costs.
   *
   * @param catalogue whose prices: a provider of the catalogue
   * @param model the provider's name of the model
   * @param label {@code provider/model} as configured, for discounts
   * @param region the configured region, "" when none
   */
  public PricedModel price(String catalogue, String model, String label, String region) {
    Catalogue.Vendor vendor = vendors.get(catalogue);
    Catalogue.Entry entry = vendor == null ? null : vendor.find(model);
    int discount = discount(label);
    if (vendor != null && entry != null) {
      return new PricedModel(this, vendor, entry, true, discount, region);
    }
    return switch (unknown) {
      case FREE -> free(model);
      case HIGHEST -> vendor == null ? unpriced(model) : highest(vendor, model, discount, region);
      case DENY -> unpriced(model);
    };
  }

  /** Returns whether a provider of the catalogue has that model, by name, alias or pattern. */
  public boolean lists(String catalogue, String model) {
    Catalogue.Vendor vendor = vendors.get(catalogue);
    return vendor != null && vendor.find(model) != null;
  }

  /**
   * Returns whether a provider of the catalogue has a model of that name; patterns do not count.
   */
  public boolean names(String catalogue, String model) {
    Catalogue.Vendor vendor = vendors.get(catalogue);
    return vendor != null && vendor.exact(model) != null;
  }

  /** Returns the list price of a model that the catalogue has, whatever the policy; else null. */
  @Nullable PricedModel known(String catalogue, String model) {
    Catalogue.Vendor vendor = vendors.get(catalogue);
    Catalogue.Entry entry = vendor == null ? null : vendor.find(model);
    return vendor == null || entry == null
        ? null
        : new PricedModel(this, vendor, entry, true, 0, "");
  }

  /** Returns the price of a target whose tokens cost nothing, on purpose. */
  public PricedModel free(String model) {
    Map<Meter, BigDecimal> zero = new EnumMap<>(Meter.class);
    for (Meter meter : Meter.values()) {
      zero.put(meter, BigDecimal.ZERO);
    }
    return synthetic(model, List.of(new Catalogue.Card(When.ALWAYS, zero)), true);
  }

  private PricedModel unpriced(String model) {
    return synthetic(model, List.of(), false);
  }

  private PricedModel synthetic(String model, List<Catalogue.Card> cards, boolean known) {
    Catalogue.Vendor nobody = new Catalogue.Vendor("", "", List.of(), Map.of());
    return new PricedModel(
        this, nobody, entry(model, cards, new Catalogue.Limits(-1, -1, -1)), known, 0, "");
  }

  private static Catalogue.Entry entry(
      String model, List<Catalogue.Card> cards, Catalogue.Limits limits) {
    return new Catalogue.Entry(model, "chat", List.of(), cards, limits, Set.of(), null, false);
  }

  /** The dearest rate of every meter over all models of the provider, in any condition. */
  private PricedModel highest(Catalogue.Vendor vendor, String model, int discount, String region) {
    Map<Meter, BigDecimal> dearest = new EnumMap<>(Meter.class);
    long output = -1;
    for (Catalogue.Entry entry : vendor.models().values()) {
      for (Catalogue.Card card : entry.cards()) {
        dearest = Rates.dearest(dearest, card.rates());
      }
      output = Math.max(output, entry.limits().output());
    }
    Catalogue.Entry entry =
        entry(
            model,
            List.of(new Catalogue.Card(When.ALWAYS, dearest)),
            new Catalogue.Limits(-1, output, -1));
    return new PricedModel(this, vendor, entry, true, discount, region);
  }

  /** Returns what is taken off the list prices of that target, in basis points. */
  int discount(String label) {
    for (Discount discount : discounts) {
      if (discount.targets().matcher(label).matches()) {
        return discount.basisPoints();
      }
    }
    return 0;
  }
}

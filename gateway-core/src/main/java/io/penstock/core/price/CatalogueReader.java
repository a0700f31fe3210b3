package io.penstock.core.price;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads a catalogue in the schema {@code prices/1}, or a file that is laid over one. All problems
 * are collected, each with its path, value and expectation.
 */
final class CatalogueReader {
  private static final Set<String> TIERS =
      Set.of("batch", "flex", "priority", "fast", "scale", "provisioned");

  private static final Set<String> FILE_KEYS =
      Set.of("schema", "generated", "currency", "sources", "meters", "providers", "models");
  private static final Set<String> PROVIDER_KEYS = Set.of("name", "host", "modifiers");
  private static final Set<String> MODIFIER_KEYS =
      Set.of("when", "x", "meters", "only", "except_meters", "note", "src");
  private static final Set<String> MODEL_KEYS =
      Set.of(
          "provider",
          "id",
          "kind",
          "name",
          "aliases",
          "released",
          "deprecation",
          "status",
          "limits",
          "caps",
          "no_caps",
          "cache_min_tokens",
          "cards",
          "src",
          "checked",
          "note");
  private static final Set<String> CARD_KEYS = Set.of("when", "rates");
  private static final Set<String> WHEN_KEYS =
      Set.of("from", "until", "tz", "tod", "dow", "region", "service_tier", "context_over");

  private final Proofreader proof;
  private final boolean overlays;

  /**
   * Creates a reader of one file.
   *
   * @param file as in {@link Misprint}
   * @param problems takes what is wrong
   */
  CatalogueReader(int file, List<Misprint> problems) {
    this.proof = new Proofreader(file, problems);
    this.overlays = file >= 0;
  }

  /** Reads meters' divisors. */
  Map<Meter, Integer> meters(JsonNode root) {
    Map<Meter, Integer> per = new EnumMap<>(Meter.class);
    root.path("meters")
        .properties()
        .forEach(entry -> {
          Meter meter = Meter.ofLabel(entry.getKey());
          At at = At.ROOT.key("meters").key(entry.getKey());
          if (meter == null) {
            proof.problem(at, "unknown", "one of the known meters");
          } else {
            int counts = entry.getValue().path("per").asInt(0);
            if (counts < 1 || Rates.COMMON_PER % counts != 0) {
              proof.problem(
                  at.key("per"),
                  entry.getValue().path("per").toString(),
                  "a divisor of " + Rates.COMMON_PER);
            }
            per.put(meter, Math.max(1, counts));
          }
        });
    return per;
  }

  /** Reads providers and models into {@code vendors}; models that are there get further cards. */
  void read(JsonNode root, Map<String, Catalogue.Vendor> vendors) {
    if (!root.isObject() && !root.isNull() && !root.isMissingNode()) {
      proof.problem(At.ROOT, root.isArray() ? "a list" : root.toString(), "providers and models");
      return;
    }
    proof.knownKeys(At.ROOT, root, FILE_KEYS);
    root.path("providers")
        .properties()
        .forEach(entry -> {
          String id = entry.getKey();
          JsonNode node = entry.getValue();
          At at = At.ROOT.key("providers").key(id);
          proof.knownKeys(at, node, PROVIDER_KEYS);
          Catalogue.Vendor known = vendors.get(id);
          List<Catalogue.Modifier> modifiers = new ArrayList<>();
          int i = 0;
          for (JsonNode modifier : node.path("modifiers")) {
            modifiers.add(modifier(at.key("modifiers").item(i++), modifier));
          }
          vendors.put(
              id,
              new Catalogue.Vendor(
                  id,
                  node.path("name").asText(known == null ? id : known.name()),
                  known == null || node.has("modifiers") ? modifiers : known.modifiers(),
                  known == null ? new LinkedHashMap<>() : known.models()));
        });
    int i = 0;
    for (JsonNode model : root.path("models")) {
      model(At.ROOT.key("models").item(i++), model, vendors);
      proof.entry("");
    }
  }

  private void model(At at, JsonNode node, Map<String, Catalogue.Vendor> vendors) {
    String provider = node.path("provider").asText("");
    String id = node.path("id").asText("");
    boolean named = !provider.isEmpty() && !id.isEmpty();
    Catalogue.Vendor vendor = vendors.get(provider);
    Catalogue.Entry known = vendor == null ? null : vendor.models().get(id);
    if (named) {
      proof.entry(provider + "/" + id);
    } else {
      proof.problem(at, node.toString(), "an entry with provider and id");
    }
    if (!node.isObject()) {
      return;
    }
    // To its end all the same: whoever mends one mistake is told of the others with it.
    Catalogue.Entry entry = entry(at, id, node, known, cards(at, node, known));
    if (named) {
      vendors
          .computeIfAbsent(
              provider, name -> new Catalogue.Vendor(name, name, List.of(), new LinkedHashMap<>()))
          .models()
          .put(id, entry);
    }
  }

  private List<Catalogue.Card> cards(At at, JsonNode node, Catalogue.@Nullable Entry known) {
    List<Catalogue.Card> cards = new ArrayList<>(known == null ? List.of() : known.cards());
    proof.knownKeys(at, node, MODEL_KEYS);
    int i = 0;
    for (JsonNode card : node.path("cards")) {
      At place = at.key("cards").item(i++);
      proof.knownKeys(place, card, CARD_KEYS);
      cards.add(
          new Catalogue.Card(
              when(place.key("when"), card.path("when")),
              rates(place.key("rates"), card.path("rates"))));
    }
    if (cards.isEmpty()) {
      proof.problem(at.key("cards"), "none", "at least one card with rates");
    }
    return cards;
  }

  private Catalogue.Entry entry(
      At at,
      String id,
      JsonNode node,
      Catalogue.@Nullable Entry known,
      List<Catalogue.Card> cards) {
    List<String> aliases = new ArrayList<>(known == null ? List.of() : known.aliases());
    node.path("aliases").forEach(alias -> aliases.add(alias.asText()));
    for (String alias : aliases) {
      if (alias.startsWith("re:")) {
        proof.checkPattern(at.key("aliases"), alias.substring(3));
      }
    }
    Set<String> capabilities = new HashSet<>(known == null ? Set.of() : known.capabilities());
    node.path("caps").forEach(cap -> capabilities.add(cap.asText()));
    JsonNode limits = node.path("limits");
    Catalogue.Limits base = known == null ? new Catalogue.Limits(-1, -1, -1) : known.limits();
    return new Catalogue.Entry(
        id,
        node.path("kind").asText(known == null ? "chat" : known.kind()),
        List.copyOf(aliases),
        List.copyOf(cards),
        new Catalogue.Limits(
            limits.path("context").asLong(base.context()),
            limits.path("output").asLong(base.output()),
            node.path("cache_min_tokens").asLong(base.cacheMinimum())),
        Set.copyOf(capabilities),
        node.has("checked") ? proof.date(at.key("checked"), node.path("checked").asText()) : null,
        overlays || known != null && known.overlaid());
  }

  private Catalogue.Modifier modifier(At at, JsonNode node) {
    proof.knownKeys(at, node, MODIFIER_KEYS);
    List<Pattern> only = new ArrayList<>();
    node.path("only").forEach(glob -> only.add(Catalogue.glob(glob.asText())));
    Set<Meter> except = EnumSet.noneOf(Meter.class);
    for (JsonNode name : node.path("except_meters")) {
      Meter meter = Meter.ofLabel(name.asText());
      if (meter != null) {
        except.add(meter);
      }
    }
    return new Catalogue.Modifier(
        when(at.key("when"), node.path("when")),
        proof.decimal(at.key("x"), node.path("x").asText()),
        only,
        except);
  }

  private Map<Meter, BigDecimal> rates(At at, JsonNode node) {
    Map<Meter, BigDecimal> rates = new EnumMap<>(Meter.class);
    node.properties()
        .forEach(entry -> {
          Meter meter = Meter.ofLabel(entry.getKey());
          At place = at.key(entry.getKey());
          if (meter == null) {
            proof.problem(
                place, "unknown meter", "one of the known meters, such as input or output");
          } else {
            rates.put(meter, proof.decimal(place, entry.getValue().asText()));
          }
        });
    return rates;
  }

  private When when(At at, JsonNode node) {
    if (node.isMissingNode() || node.isEmpty()) {
      return When.ALWAYS;
    }
    proof.knownKeys(at, node, WHEN_KEYS);
    List<LocalTime> tod = new ArrayList<>();
    List<Integer> dow = new ArrayList<>();
    List<String> regions = new ArrayList<>();
    node.path("tod").forEach(time -> tod.add(proof.time(at.key("tod"), time.asText())));
    node.path("dow").forEach(day -> dow.add(day.asInt()));
    node.path("region").forEach(region -> regions.add(region.asText()));
    if (!tod.isEmpty() && tod.size() != 2) {
      proof.problem(at.key("tod"), node.path("tod").toString(), "a start and an end");
      tod.clear();
    }
    String tier = node.has("service_tier") ? node.path("service_tier").asText() : null;
    if (tier != null && !TIERS.contains(tier)) {
      proof.problem(at.key("service_tier"), tier, "one of " + new TreeSet<>(TIERS));
    }
    return new When(
        node.has("from") ? proof.date(at.key("from"), node.path("from").asText()) : null,
        node.has("until") ? proof.date(at.key("until"), node.path("until").asText()) : null,
        proof.zone(at.key("tz"), node.path("tz").asText("UTC")),
        List.copyOf(tod),
        List.copyOf(dow),
        List.copyOf(regions),
        tier,
        node.has("context_over") ? node.path("context_over").asLong() : null);
  }
}

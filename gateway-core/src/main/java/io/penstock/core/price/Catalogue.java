package io.penstock.core.price;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The catalogue's parts as read. Immutable. */
final class Catalogue {
  private Catalogue() {}

  /** Rates and when they hold. */
  record Card(When when, Map<Meter, BigDecimal> rates) {}

  /** A factor on the token meters of many models of a provider. */
  record Modifier(When when, BigDecimal factor, List<Pattern> only, Set<Meter> except) {
    boolean appliesTo(String model) {
      return only.isEmpty() || only.stream().anyMatch(glob -> glob.matcher(model).matches());
    }
  }

  /** A provider whose prices are known. */
  record Vendor(String id, String name, List<Modifier> modifiers, Map<String, Entry> models) {
    /** Returns what has exactly that id, else exactly that alias; null when nothing has. */
    @Nullable Entry exact(String model) {
      Entry named = models.get(model);
      if (named != null) {
        return named;
      }
      for (Entry entry : models.values()) {
        if (entry.aliases().contains(model)) {
          return entry;
        }
      }
      return null;
    }

    /** Exact id, then exact alias, then the longest glob, then a regular expression. */
    @Nullable Entry find(String model) {
      Entry best = exact(model);
      if (best != null) {
        return best;
      }
      int length = -1;
      for (Entry entry : models.values()) {
        for (String alias : entry.aliases()) {
          int fit = fit(alias, model);
          if (fit > length) {
            best = entry;
            length = fit;
          }
        }
      }
      return best;
    }

    private static int fit(String alias, String model) {
      if (alias.startsWith("re:")) {
        return Pattern.compile(alias.substring(3)).matcher(model).find() ? 0 : -1;
      }
      boolean glob = alias.indexOf('*') >= 0;
      return glob && Catalogue.glob(alias).matcher(model).matches() ? alias.length() : -1;
    }
  }

  /**
   * A model.
   *
   * @param checked when a source last showed this price
   * @param overlaid whether an operator's file has a word in it
   */
  record Entry(
      String id,
      String kind,
      List<String> aliases,
      List<Card> cards,
      Limits limits,
      Set<String> capabilities,
      @Nullable LocalDate checked,
      boolean overlaid) {}

  /** Token limits; -1 where unknown. */
  record Limits(long context, long output, long cacheMinimum) {}

  static Pattern glob(String glob) {
    StringBuilder regex = new StringBuilder();
    for (String literal : glob.split("\\*", -1)) {
      regex
          .append(regex.isEmpty() ? "" : ".*")
          .append(literal.isEmpty() ? "" : Pattern.quote(literal));
      if (regex.isEmpty()) {
        regex.append("(?:)");
      }
    }
    return Pattern.compile(regex.toString());
  }
}

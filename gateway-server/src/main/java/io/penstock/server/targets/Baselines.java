package io.penstock.server.targets;

import io.penstock.core.price.Meter;
import io.penstock.core.price.PricedModel;
import io.penstock.core.route.RouteSpec;
import io.penstock.core.route.RouteTable;
import io.penstock.core.route.TargetSpec;
import java.math.BigDecimal;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * What a call would have cost without routing: the price of the model that the client asked for,
 * else that of the route's {@code baseline}, else none, and then nothing is claimed. One per
 * snapshot; each name is looked up once, up to a bound. Thread-safe.
 */
public final class Baselines {
  private static final int MAX_KEPT = 4096;

  private final RouteTable routes;
  private final List<String> providers;
  private final BiFunction<String, String, @Nullable PricedModel> listed;
  private final BiFunction<String, String, @Nullable PricedModel> named;
  private final long atMillis;
  private final ConcurrentHashMap<String, Found> kept = new ConcurrentHashMap<>();

  private record Found(@Nullable PricedModel price) {
    static final Found NOTHING = new Found(null);
  }

  /**
   * Creates the baselines of a snapshot.
   *
   * @param providers names of the configured providers, in order, usable or not: what a model costs
   *     does not depend on whether there is a key
   * @param listed the catalogue's price of a provider's model; null when it has none of its own
   * @param named the same for names that the catalogue has as they are, by no pattern
   * @param atMillis when prices are compared, epoch milliseconds
   */
  public Baselines(
      RouteTable routes,
      List<String> providers,
      BiFunction<String, String, @Nullable PricedModel> listed,
      BiFunction<String, String, @Nullable PricedModel> named,
      long atMillis) {
    this.routes = routes;
    this.providers = List.copyOf(providers);
    this.listed = listed;
    this.named = named;
    this.atMillis = atMillis;
  }

  /** Returns the price to compare with, or null when there is none. */
  public @Nullable PricedModel of(String asked) {
    Found known = kept.get(asked);
    if (known == null) {
      known = find(asked);
      if (kept.size() < MAX_KEPT) {
        kept.put(asked, known);
      }
    }
    return known.price;
  }

  /** Returns whether a configured baseline has a price: else nothing can be claimed. */
  public boolean hasPrice(String baseline) {
    return configured(baseline) != null;
  }

  private Found find(String asked) {
    RouteTable.Found route = routes.find(asked);
    if (route == null) {
      return Found.NOTHING;
    }
    PricedModel price = direct(asked);
    price = price == null ? among(route, asked, new HashSet<>()) : price;
    price = price == null ? anywhere(asked) : price;
    String configured = route.spec().options().baseline();
    if (price == null && configured != null) {
      price = configured(configured);
    }
    return new Found(price);
  }

  /** The price of {@code provider/model}. */
  private @Nullable PricedModel direct(String name) {
    int slash = name.indexOf('/');
    if (slash <= 0 || !providers.contains(name.substring(0, slash))) {
      return null;
    }
    return listed.apply(name.substring(0, slash), name.substring(slash + 1));
  }

  /**
   * The price of the target whose model has that name, so that an alias of a target is compared
   * with that target and not with another provider's model of the same name; with "" of the first
   * target that has a price.
   */
  private @Nullable PricedModel among(RouteTable.Found route, String name, Set<RouteSpec> seen) {
    if (!seen.add(route.spec())) {
      return null;
    }
    for (TargetSpec target : route.spec().targets()) {
      String label = target.model().replace("*", route.rest());
      PricedModel price = direct(label);
      RouteTable.Found nested = price == null ? routes.find(label) : null;
      if (price != null && (name.isEmpty() || label.endsWith("/" + name))) {
        return price;
      }
      price = nested == null ? null : among(nested, name, seen);
      if (price != null) {
        return price;
      }
    }
    return null;
  }

  /**
   * The price of the model that has exactly that name at some provider; null where two have it at
   * different prices, for nobody says which was meant.
   */
  private @Nullable PricedModel anywhere(String model) {
    PricedModel only = null;
    for (String provider : providers) {
      PricedModel price = named.apply(provider, model);
      if (price != null && only != null && !costTheSame(price, only)) {
        return null;
      }
      only = only == null ? price : only;
    }
    return only;
  }

  private boolean costTheSame(PricedModel one, PricedModel two) {
    boolean same = one.discountBasisPoints() == two.discountBasisPoints();
    for (Meter meter : Meter.values()) {
      BigDecimal first = one.rate(meter, atMillis);
      BigDecimal second = two.rate(meter, atMillis);
      same &=
          first == null || second == null
              ? first == null && second == null
              : first.compareTo(second) == 0;
    }
    return same;
  }

  private @Nullable PricedModel configured(String baseline) {
    PricedModel price = direct(baseline);
    RouteTable.Found route = price == null ? routes.find(baseline) : null;
    return route == null ? price : among(route, "", new HashSet<>());
  }
}

package io.penstock.server.snapshot;

import io.penstock.core.Endpoint;
import io.penstock.core.rule.Facts;
import io.penstock.server.config.Config;
import io.penstock.server.config.KeyConfig;
import io.penstock.server.config.ModelConfig;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The kinds of calls that a configuration allows, to find conditions that hold for none. Immutable.
 */
public final class PossibleCalls {
  private static final Set<String> IDENTITY = Set.of("team", "app", "user", "key");
  private static final Set<String> TARGET = Set.of("target", "provider", "region");
  private static final PossibleCall ANY = new PossibleCall("", "", "", "", "", "", "", "", "");

  /** More are not looked at: {@code check} is to end soon. */
  private static final long MOST = 1_000_000;

  private final Config config;

  /** Creates those of a configuration. */
  public PossibleCalls(Config config) {
    this.config = config;
  }

  /**
   * Returns a call of each kind that these variables tell apart; none where the configuration does
   * not say what there can be: names by wildcard, identities by JWT.
   */
  public List<Facts> differingIn(Set<String> read) {
    boolean identity = read.stream().anyMatch(IDENTITY::contains);
    boolean open = isOpen();
    if ((identity && !config.jwt().isEmpty())
        || (open && (read.contains("model") || read.contains("target")))) {
      return List.of();
    }
    List<Set<PossibleCall>> axes = new ArrayList<>();
    if (identity) {
      axes.add(kinds(config.keys().stream().map(key -> identity(key, read))));
    }
    if (read.contains("model")) {
      axes.add(kinds(config.models().keySet().stream().map(ANY::asking)));
    }
    if (read.stream().anyMatch(TARGET::contains)) {
      axes.add(kinds(read.contains("target") ? targets() : providers()));
    }
    if (read.contains("endpoint")) {
      axes.add(kinds(Stream.of(Endpoint.values()).map(e -> ANY.at(e.label()))));
    }
    long count = 1;
    for (Set<PossibleCall> axis : axes) {
      count = Math.min(MOST + 1, count * axis.size());
    }
    return count > MOST ? List.of() : product(axes);
  }

  private static Set<PossibleCall> kinds(Stream<PossibleCall> all) {
    return all.collect(LinkedHashSet::new, LinkedHashSet::add, LinkedHashSet::addAll);
  }

  private static List<Facts> product(List<Set<PossibleCall>> axes) {
    List<PossibleCall> calls = List.of(ANY);
    for (Set<PossibleCall> axis : axes) {
      List<PossibleCall> next = new ArrayList<>(calls.size() * axis.size());
      for (PossibleCall call : calls) {
        axis.forEach(with -> next.add(call.joined(with)));
      }
      calls = next;
    }
    return List.copyOf(calls);
  }

  /** Whether clients may ask for names that the configuration does not list. */
  private boolean isOpen() {
    return config.models().keySet().stream().anyMatch(name -> name.contains("*"))
        || !config.passthrough().isEmpty()
        || asked().anyMatch(name -> name.contains("*"));
  }

  private static PossibleCall identity(KeyConfig key, Set<String> read) {
    return ANY.by(
        read.contains("team") ? key.team() : "",
        read.contains("app") ? text(key.app()) : "",
        read.contains("user") ? text(key.user()) : "",
        read.contains("key") ? key.id() : "");
  }

  private static String text(@Nullable String value) {
    return Objects.requireNonNullElse(value, "");
  }

  /** Everything that a route may ask. */
  private Stream<String> asked() {
    return config.models().values().stream().flatMap(PossibleCalls::asked);
  }

  private static Stream<String> asked(ModelConfig model) {
    Stream<String> shadow =
        model.shadow() == null ? Stream.of() : Stream.of(model.shadow().model());
    return Stream.of(
            model.targets().stream().map(target -> target.model()),
            model.rules().stream().map(rule -> rule.use()),
            shadow)
        .flatMap(UnaryOperator.identity());
  }

  private Stream<PossibleCall> targets() {
    return asked()
        .filter(name -> name.contains("/"))
        .flatMap(name -> {
          String provider = name.substring(0, name.indexOf('/'));
          var known = config.providers().get(provider);
          return known == null ? Stream.of() : Stream.of(ANY.to(name, provider, known.region()));
        });
  }

  private Stream<PossibleCall> providers() {
    return config.providers().entrySet().stream()
        .map(e -> ANY.to("", e.getKey(), e.getValue().region()));
  }
}

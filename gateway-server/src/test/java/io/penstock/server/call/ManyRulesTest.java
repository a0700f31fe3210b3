package io.penstock.server.call;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.route.RouteTable;
import io.penstock.core.rule.Conditions;
import io.penstock.core.rule.Facts;
import io.penstock.server.config.Config;
import io.penstock.server.config.load.ConfigLoader;
import io.penstock.server.config.load.LoadResult;
import io.penstock.server.snapshot.CacheMapping;
import io.penstock.server.snapshot.RouteMapping;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the key of a cached call costs does not grow with the rules of its route. */
final class ManyRulesTest {
  @TempDir private Path directory;

  private CacheRules rules(int count) throws IOException {
    StringBuilder yaml =
        new StringBuilder(
            """
            providers: { onprem: { dialect: openai, base_url: http://127.0.0.1:8000/v1 } }
            teams: { support: {} }
            cache: { exact: [ { ttl: 1h, max_bytes: 1MB } ] }
            models:
              small: onprem/s
              large: onprem/l
              route:
                strategy: rules
                rules:
            """);
    for (int i = 0; i < count; i++) {
      yaml.append("      - { if: 'metadata.project == \"p%d\"', use: large }%n".formatted(i));
    }
    yaml.append("      - { use: small }\n");
    Path file = Files.writeString(directory.resolve("rules" + count + ".yaml"), yaml);
    LoadResult result = new ConfigLoader(Map.of()).load(file);
    assertThat(result).isInstanceOf(LoadResult.Loaded.class);
    Config config = ((LoadResult.Loaded) result).config();
    Conditions conditions = new Conditions();
    RouteTable routes = new RouteMapping(conditions).table(config);
    return new CacheMapping(config, conditions, routes).rules();
  }

  private static Facts counting(String project, AtomicInteger asked) {
    return (Facts)
        Proxy.newProxyInstance(
            Facts.class.getClassLoader(),
            new Class<?>[] {Facts.class},
            (proxy, method, arguments) -> {
              asked.incrementAndGet();
              return method.getName().equals("metadata") ? Map.of("project", project) : "";
            });
  }

  private static int asked(CacheRules rules, String project) {
    AtomicInteger asked = new AtomicInteger();
    rules.fingerprint("route", counting(project, asked));
    return asked.get();
  }

  @Test
  void key_ofARouteWithManyRules_asksForNoMoreThanWithFew() throws IOException {
    CacheRules few = rules(10);
    CacheRules many = rules(400);

    assertThat(asked(many, "none")).as("no rule but the last").isEqualTo(asked(few, "none"));
    assertThat(asked(many, "p7")).isEqualTo(asked(few, "p7")).isPositive();
    Facts one = counting("p7", new AtomicInteger());
    Facts other = counting("p8", new AtomicInteger());
    assertThat(many.fingerprint("route", one)).isNotEqualTo(many.fingerprint("route", other));
  }
}

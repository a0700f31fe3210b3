package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class TableTest {
  /** A value that knows its key. */
  private record Named(String name, int version) {}

  private final Table<String, Named> table = new Table<>(Named::name);

  @Test
  void randomOperations_tableAndMap_agree() {
    for (int seed = 0; seed < 20; seed++) {
      table.clear();
      Map<String, Named> map = new HashMap<>();
      Random random = new Random(seed);
      for (int step = 0; step < 5_000; step++) {
        String name = "user-" + random.nextInt(200);
        Named old = map.get(name);
        switch (random.nextInt(20)) {
          case 0 -> {
            int version = random.nextInt(step + 1);
            table.removeIf(v -> v.version() < version);
            map.values().removeIf(v -> v.version() < version);
          }
          case 1, 2, 3, 4, 5, 6, 7, 8 -> {
            Named made = new Named(name, step);
            table.put(made);
            map.put(name, made);
          }
          default -> {
            if (old != null) {
              table.remove(new Named(name, old.version()));
              assertThat(table.get(name)).isSameAs(old);
              table.remove(old);
              map.remove(name);
            }
          }
        }
        assertThat(table.get(name)).isSameAs(map.get(name));
        assertThat(table.size()).isEqualTo(map.size());
      }
      List<Named> all = new ArrayList<>();
      table.forEach(all::add);
      assertThat(all).containsExactlyInAnyOrderElementsOf(map.values());
    }
  }

  /** Removal moves values about; one that is there all the time is found all the time. */
  @Test
  void lookUps_whileOthersComeAndGo_findWhatIsThere() {
    for (int i = 0; i < 50; i++) {
      table.put(new Named("stays-" + i, i));
    }
    AtomicBoolean done = new AtomicBoolean();
    CompletableFuture<Void> changing =
        CompletableFuture.runAsync(() -> {
          Random random = new Random(1);
          for (int i = 0; i < 100_000; i++) {
            Named passing = new Named("passes-" + random.nextInt(100), i);
            Named there = table.get(passing.name());
            if (there != null) {
              table.remove(there);
            } else {
              table.put(passing);
            }
          }
          done.set(true);
        });
    int misses = 0;
    for (int i = 0; !done.get() && !changing.isDone(); i++) {
      Named found = table.get("stays-" + i % 50);
      misses += found != null && found.version() == i % 50 ? 0 : 1;
    }
    changing.join();

    assertThat(misses).isZero();
  }
}

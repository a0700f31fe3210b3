package io.penstock.server.call.admission;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.ServedPaths;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the gateway serves is never passed on to a provider: it would have no price there. */
class PathsTest {
  /** All that it serves with a POST, and all that a 404 names, with a model or an id in it. */
  static Stream<String> served() {
    Stream<String> told =
        Arrays.stream(Paths.SERVED.split("[ ,;()]+", -1))
            .filter(word -> word.startsWith("/"))
            .map(path -> path.replace("{model}", "gpt-4o").replace("{id}", "resp_1"));
    return Stream.concat(Paths.POST.keySet().stream(), told).distinct();
  }

  @ParameterizedTest
  @MethodSource("served")
  void servedPath_isNotPassedOn(String path) {
    assertThat(ServedPaths.contains(path)).isTrue();
    assertThat(ServedPaths.containsBelow(path)).isTrue();
    assertThat(Paths.SERVED).contains(path.replace("gpt-4o", "{model}").replace("resp_1", "{id}"));
  }
}

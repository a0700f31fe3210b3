package io.penstock.server.call.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.penstock.core.GatewayException;
import io.penstock.core.ServedPaths;
import io.penstock.server.client.RequestHead;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

  @ParameterizedTest
  @CsvSource({
    "/chat/completions, /v1/chat/completions",
    "/models, /v1/models",
    "/responses/resp_1, /v1/responses/resp_1",
    "/nonsense, ''"
  })
  void pathWithoutItsVersion_is404_thatNamesTheOneWithIt(String path, String meant) {
    RequestHead head = new RequestHead(HttpMethod.POST, path, "", EmptyHttpHeaders.INSTANCE, null);
    assertThatThrownBy(() -> Paths.resolve(head))
        .isInstanceOfSatisfying(
            GatewayException.class,
            refused -> {
              if (meant.isEmpty()) {
                assertThat(refused.message()).doesNotContain("Did you mean");
              } else {
                assertThat(refused.message()).contains("Did you mean " + meant + "?");
              }
            });
  }
}

package io.penstock.server.call.prompt;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.cache.CacheKeys;
import io.penstock.cache.CacheScope;
import io.penstock.cache.KeyInput;
import io.penstock.cache.Keying;
import io.penstock.core.Endpoint;
import io.penstock.core.body.RequestBody;
import io.penstock.core.price.HostedTool;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a provider runs itself is held and not cached, whatever it is called. */
class HostedToolsTest {
  private static final CacheScope SCOPE =
      CacheScope.of(CacheScope.Kind.TEAM, "key", "user", "team");

  static Stream<Arguments> all() {
    return Stream.of(
            HostedTool.FIELDS.stream()
                .map(tool -> Arguments.of(Endpoint.CHAT, "{\"" + tool.name() + "\":{}}")),
            HostedTool.TYPES.stream()
                .map(tool ->
                    Arguments.of(
                        Endpoint.CHAT, "{\"tools\":[{\"type\":\"" + tool.name() + "\"}]}")),
            HostedTool.GEMINI.stream()
                .map(tool ->
                    Arguments.of(Endpoint.GENERATE, "{\"tools\":[{\"" + tool.name() + "\":{}}]}")))
        .flatMap(some -> some);
  }

  @ParameterizedTest
  @MethodSource("all")
  void tool_isHeldForAndNotCached(Endpoint endpoint, String json) {
    RequestBody body = RequestBody.parse(json.getBytes(StandardCharsets.UTF_8));

    assertThat(Elsewhere.of(body, false).uses()).isEqualTo(3);
    assertThat(CacheKeys.of(new KeyInput(SCOPE, endpoint, "m", "route"), body))
        .isEqualTo(new Keying.Bypassed(Keying.Reason.HOSTED_TOOLS));
  }
}

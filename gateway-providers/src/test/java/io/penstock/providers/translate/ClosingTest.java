package io.penstock.providers.translate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.ErrorCode;
import io.penstock.providers.Attempt;
import io.penstock.providers.Closing;
import io.penstock.providers.StreamReader;
import io.penstock.providers.dialect.Providers;
import io.penstock.providers.translate.GoldenTest.Case;
import io.penstock.providers.translate.Rig.Client;
import io.penstock.providers.translate.Rig.Wish;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** How a stream ends that breaks, or is cut, after any of its events: well, in every dialect. */
class ClosingTest {
  private static final String COST = "{\"cost_usd\":\"0.1\"}";
  private static final Closing BROKEN =
      new Closing.Broken(ErrorCode.UPSTREAM_TIMEOUT, "it broke", "req-1");

  static List<Case> streams() throws IOException {
    return GoldenTest.streams();
  }

  /** Returns what the client has after so many bytes and the end that the gateway makes. */
  private static @Nullable String closed(Attempt attempt, byte[] bytes, int at, Closing how) {
    Client client = new Client();
    StreamReader reader = attempt.streamReader(Rig.ALLOCATOR, client);
    reader.read(Unpooled.wrappedBuffer(bytes, 0, at));
    if (client.settled != null || client.text().isEmpty()) {
      reader.close();
      return null;
    }
    ByteBuf last = reader.closing(how, COST);
    String text = client.text() + last.toString(StandardCharsets.UTF_8);
    last.release();
    reader.close();
    return text;
  }

  private static Stream<Integer> ends(Case one) {
    byte[] bytes = one.bytes();
    return Stream.iterate(2, at -> at <= bytes.length, at -> at + 1)
        .filter(at ->
            bytes[at - 1] == '\n' && (one.provider() == Dialect.BEDROCK || bytes[at - 2] == '\n'));
  }

  private static List<Attempt> attempts(Case one) {
    boolean own =
        switch (one.provider()) {
          case OPENAI -> one.client() == Endpoint.CHAT;
          case ANTHROPIC -> one.client() == Endpoint.MESSAGES;
          case GEMINI -> one.client() == Endpoint.GENERATE;
          default -> false;
        };
    String request = GoldenTest.REQUESTS.getOrDefault(one.client(), "");
    return own
        ? List.of(
            one.attempt(),
            Providers.of(one.provider())
                .attempt(Rig.call(one.client(), one.provider(), request, Wish.STREAM)))
        : List.of(one.attempt());
  }

  private static JsonNode lastError(Endpoint client, String text) {
    JsonNode last =
        text.lines()
            .filter(line -> line.startsWith("data: {"))
            .map(line -> Objects.requireNonNull(Trees.parse(line.substring(6))))
            .reduce((first, second) -> second)
            .orElseThrow();
    return client == Endpoint.RESPONSES ? last.at("/response/error") : last.path("error");
  }

  @ParameterizedTest
  @MethodSource("streams")
  void broken_afterAnyEvent_endsInAnErrorOfTheClientsDialect(Case one) {
    ends(one)
        .forEach(at -> {
          for (Attempt attempt : attempts(one)) {
            String text = closed(attempt, one.bytes(), at, BROKEN);
            if (text == null) {
              continue;
            }
            JsonNode error = lastError(one.client(), text);
            boolean response = one.client() == Endpoint.RESPONSES;
            assertThat(error.path("message").asText())
                .as(text)
                .isEqualTo(response ? "it broke (upstream_timeout)" : "it broke");
            String code = one.client() == Endpoint.GENERATE ? "/details/0/reason" : "/code";
            assertThat(error.at(code).asText())
                .as(text)
                .isEqualTo(response ? "server_error" : "upstream_timeout");
            assertThat(text).contains("0.1").endsWith("\n");
            switch (one.client()) {
              case MESSAGES ->
                  assertThat(text)
                      .contains(
                          "event: error\ndata: {\"type\":\"error\"", "\"request_id\":\"req-1\"");
              case RESPONSES -> assertThat(text).contains("event: response.failed\n");
              default -> assertThat(text).doesNotContain("event: ");
            }
          }
        });
  }

  @ParameterizedTest
  @MethodSource("streams")
  void cutShort_afterAnyEvent_isAWholeAnswerThatWasTooLong(Case one) {
    ends(one)
        .forEach(at -> {
          for (Attempt attempt : attempts(one)) {
            String text = closed(attempt, one.bytes(), at, new Closing.Shortened("length"));
            if (text == null) {
              continue;
            }
            assertThat(text)
                .containsAnyOf(
                    "\"finish_reason\":\"length\"",
                    "\"stop_reason\":\"max_tokens\"",
                    "\"finishReason\":\"MAX_TOKENS\"",
                    "\"reason\":\"max_output_tokens\"");
            boolean halfCall = one.client() == Endpoint.MESSAGES && text.contains("partial_json");
            byte[] whole = Replay.aggregate(one.client(), text.getBytes(StandardCharsets.UTF_8));
            // Claude's own calls that are too long have half their input, too.
            assertThat(whole != null || halfCall).as(text).isTrue();
          }
        });
  }
}

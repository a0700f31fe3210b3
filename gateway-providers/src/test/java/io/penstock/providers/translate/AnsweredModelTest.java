package io.penstock.providers.translate;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.FailureKind;
import io.penstock.core.price.Usage;
import io.penstock.providers.Failure;
import io.penstock.providers.translate.Rig.Client;
import io.penstock.providers.translate.Rig.Wish;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Translated streams that fail before a usage came: what is counted has the answerer's price. */
class AnsweredModelTest {
  private static final String ASK =
      "{\"max_tokens\":50,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

  private static Usage cut(Endpoint client, Dialect from, String events) {
    Client got =
        Rig.stream(
            Rig.attempt(client, from, ASK, Wish.STREAM), events.getBytes(StandardCharsets.UTF_8));

    assertThat(Objects.requireNonNull(got.failed))
        .extracting(Failure::kind)
        .isEqualTo(FailureKind.CUT);
    assertThat(got.known.usageReported()).isFalse();
    return got.known.usage();
  }

  @Test
  void openAi_cutBehindItsModel_namesItAndItsTier() {
    Usage known =
        cut(
            Endpoint.MESSAGES,
            Dialect.OPENAI,
            """
            data: {"id":"c","model":"gpt-4o","service_tier":"priority","choices":[{"index":0,"delta":{"content":"Hel"}}]}

            data: {"id":"c","choices":[{"index":0,"delta":{"content":"lo"}}]}

            """);

    assertThat(known.model()).isEqualTo("gpt-4o");
    assertThat(known.serviceTier()).isEqualTo("priority");
  }

  @Test
  void gemini_cutBehindItsModel_namesIt() {
    Usage known =
        cut(
            Endpoint.CHAT,
            Dialect.GEMINI,
            """
            data: {"modelVersion":"gemini-2.5-pro","candidates":[{"content":{"parts":[{"text":"Hel"}]}}]}

            """);

    assertThat(known.model()).isEqualTo("gemini-2.5-pro");
  }

  @Test
  void anthropic_cutBehindItsModel_namesIt() {
    Usage known =
        cut(
            Endpoint.CHAT,
            Dialect.ANTHROPIC,
            """
            data: {"type":"message_start","message":{"id":"m","model":"claude-opus-4-5"}}

            data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":"Hel"}}

            """);

    assertThat(known.model()).isEqualTo("claude-opus-4-5");
  }
}

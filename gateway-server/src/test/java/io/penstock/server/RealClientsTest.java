package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.NotFoundException;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.embeddings.EmbeddingCreateParams;
import dev.langchain4j.model.openai.OpenAiChatModel;
import io.penstock.testkit.FakeProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The SDKs that applications use, against the running gateway. */
class RealClientsTest {
  private static final FakeProvider provider = FakeProvider.start();

  @RegisterExtension static final GatewayExtension gateway = GatewayExtension.of(provider, "");
  private static OpenAIClient client;

  @BeforeAll
  static void start() {
    client =
        OpenAIOkHttpClient.builder()
            .baseUrl(gateway.url() + "/v1")
            .apiKey(RunningGateway.KEY)
            .maxRetries(0)
            .build();
  }

  @AfterAll
  static void stop() {
    client.close();
  }

  private static ChatCompletionCreateParams chat(String model) {
    return ChatCompletionCreateParams.builder().model(model).addUserMessage("hello").build();
  }

  @Test
  void openAiJava_unaryStreamEmbeddingsAndErrors() {
    ChatCompletion answer = client.chat().completions().create(chat("gpt-4o-mini"));
    assertThat(answer.choices().getFirst().message().content()).isPresent();
    assertThat(answer.usage()).isPresent();
    StringBuilder text = new StringBuilder();
    try (StreamResponse<ChatCompletionChunk> stream =
        client.chat().completions().createStreaming(chat("gpt-4o-mini"))) {
      stream.stream()
          .flatMap(chunk -> chunk.choices().stream())
          .forEach(choice -> choice.delta().content().ifPresent(text::append));
    }
    assertThat(text).isNotEmpty();
    assertThat(
            client
                .embeddings()
                .create(
                    EmbeddingCreateParams.builder()
                        .model("text-embedding-3-small")
                        .input("hello")
                        .build())
                .data())
        .hasSize(1);
    assertThat(client.models().list().data()).isNotEmpty();
    assertThatThrownBy(() -> client.chat().completions().create(chat("unheard-of")))
        .isInstanceOf(NotFoundException.class);
  }

  @Test
  void langchain4j_chats() {
    OpenAiChatModel model =
        OpenAiChatModel.builder()
            .baseUrl(gateway.url() + "/v1")
            .apiKey(RunningGateway.KEY)
            .modelName("gpt-4o-mini")
            .build();
    assertThat(model.chat("hello")).isNotEmpty();
  }
}

package io.penstock.providers.translate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.price.Usage;
import io.penstock.providers.translate.Rig.Client;
import io.penstock.providers.translate.Rig.Wish;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Streams that say a thing elsewhere than usual, or only once. */
class OddAnswersTest {
  private static String event(String json) {
    return "data: " + json.replace('\'', '"') + "\n\n";
  }

  private static String piece(String input) {
    return event(
        "{'type':'content_block_delta','index':0,'delta':{'type':'input_json_delta','partial_json':'"
            + input.replace("'", "\\'")
            + "'}}");
  }

  private static Client stream(Endpoint client, Dialect provider, String bytes) {
    Client got =
        Rig.stream(
            Rig.attempt(
                client, provider, GoldenTest.REQUESTS.getOrDefault(client, ""), Wish.STREAM),
            bytes.getBytes(StandardCharsets.UTF_8));
    assertThat(got.failed).isNull();
    return got;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // What the last chunk with usage lacks, or does not know.
        "'choices':[],",
        "'model':null,'service_tier':null,'choices':[],",
        "'model':'','service_tier':'','choices':[],",
      })
  void chat_tierAndModelOfEarlierChunks_price(String last) {
    String named = "{'model':'m-1','service_tier':'priority','choices':[{'index':0,";
    String bytes =
        event("{'model':'m-0','choices':[{'index':0,'delta':{'content':'a'}}]}")
            + event(named + "'delta':{'content':'b'}}]}")
            + event(named + "'delta':{},'finish_reason':'stop'}]}")
            + event("{" + last + "'usage':{'prompt_tokens':10,'completion_tokens':5}}")
            + "data: [DONE]\n\n";

    Usage usage =
        Objects.requireNonNull(stream(Endpoint.MESSAGES, Dialect.OPENAI, bytes).settled).usage();

    assertThat(usage.inputTokens()).isEqualTo(10);
    assertThat(usage.serviceTier()).isEqualTo("priority");
    assertThat(usage.model()).isEqualTo("m-1");
  }

  @Test
  void gemini_modelOfEarlierChunks_prices() {
    String bytes =
        event("{'modelVersion':'g-1','candidates':[{'content':{'parts':[{'text':'a'}]}}]}")
            + event(
                "{'candidates':[{'finishReason':'STOP'}],'usageMetadata':{'promptTokenCount':10}}");

    Usage usage =
        Objects.requireNonNull(stream(Endpoint.CHAT, Dialect.GEMINI, bytes).settled).usage();

    assertThat(usage.inputTokens()).isEqualTo(10);
    assertThat(usage.model()).isEqualTo("g-1");
  }

  @Test
  void chat_imagesAndSoundInAStream_areTold() {
    String bytes =
        event(
                "{'model':'m','choices':[{'index':0,'delta':{'images':[{'type':'image_url','index':0,"
                    + "'image_url':{'url':'data:image/png;base64,iVBO'}}]}}]}")
            + event("{'model':'m','choices':[{'index':0,'delta':{'audio':{'id':'a'}}}]}")
            + event("{'model':'m','choices':[{'index':0,'delta':{'audio':{'data':'UklG'}}}]}")
            + event("{'model':'m','choices':[{'index':0,'delta':{},'finish_reason':'stop'}]}")
            + "data: [DONE]\n\n";

    assertThat(stream(Endpoint.GENERATE, Dialect.OPENAI, bytes).text())
        .contains("{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"iVBO\"}}")
        .containsOnlyOnce(
            "{\"inlineData\":{\"mimeType\":\"audio/L16;codec=pcm;rate=24000\",\"data\":\"UklG\"}}");
  }

  /** Servers that cut their text by UTF-16 units send an emoji in two events. */
  @ParameterizedTest
  @CsvSource({
    "MESSAGES, OPENAI",
    "RESPONSES, OPENAI",
    "GENERATE, OPENAI",
    "CHAT, ANTHROPIC",
    "RESPONSES, ANTHROPIC",
    "GENERATE, ANTHROPIC",
    "CHAT, GEMINI",
    "MESSAGES, GEMINI",
  })
  void halvesOfACharacter_inTwoEvents_areOneInTheAnswer(Endpoint client, Dialect provider) {
    byte[] got = stream(client, provider, halves(provider)).text().getBytes(StandardCharsets.UTF_8);

    assertThat(Trees.answer(Objects.requireNonNull(Replay.aggregate(client, got))).toString())
        .contains("\"xA\ud83d\ude00By\"");
  }

  /** Returns the stream that tells the text in four pieces. */
  private static String halves(Dialect provider) {
    String begin =
        switch (provider) {
          case ANTHROPIC ->
              event("{'type':'message_start','message':{'id':'m','model':'c','usage':{}}}")
                  + event(
                      "{'type':'content_block_start','index':0,'content_block':{'type':'text','text':''}}");
          default -> "";
        };
    String piece =
        switch (provider) {
          case ANTHROPIC ->
              "{'type':'content_block_delta','index':0,'delta':{'type':'text_delta','text':'%s'}}";
          case GEMINI -> "{'candidates':[{'index':0,'content':{'parts':[{'text':'%s'}]}}]}";
          default -> "{'model':'m','choices':[{'index':0,'delta':{'content':'%s'}}]}";
        };
    String end =
        switch (provider) {
          case ANTHROPIC ->
              event("{'type':'content_block_stop','index':0}")
                  + event("{'type':'message_delta','delta':{'stop_reason':'end_turn'}}")
                  + event("{'type':'message_stop'}");
          case GEMINI -> event("{'candidates':[{'index':0,'finishReason':'STOP'}]}");
          default ->
              event("{'model':'m','choices':[{'index':0,'delta':{},'finish_reason':'stop'}]}")
                  + "data: [DONE]\n\n";
        };
    return begin
        + Stream.of("x", "A\\ud83d", "\\ude00B", "y")
            .map(text -> event(piece.formatted(text)))
            .collect(Collectors.joining())
        + end;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'input':{'path':'/tmp/x'} | | {'path':'/tmp/x'}",
        "'input':{'path':'/tmp/x'} | {'path':'/y'} | {'path':'/y'}",
        "'input':{} | | {}",
        "'input':null | | {}",
        "'input':{} | {'path':'/y'} | {'path':'/y'}",
      })
  void messages_inputInTheStart_isTheCallsUnlessPiecesFollow(
      String start, String piece, String expected) {
    String stop = "{'type':'content_block_stop','index':%d}";
    String call =
        "{'type':'content_block_start','index':%d,'content_block':"
            + "{'type':'tool_use','id':'t%1$d','name':'f',%s}}";
    String bytes =
        event("{'type':'message_start','message':{'id':'m','model':'c','usage':{}}}")
            + event(call.formatted(0, start))
            + (piece == null ? "" : piece(piece))
            + event(stop.formatted(0))
            // What one call began with is nothing to the next.
            + event(call.formatted(1, "'input':{}"))
            + event(stop.formatted(1))
            + event("{'type':'message_delta','delta':{'stop_reason':'tool_use'}}")
            + event("{'type':'message_stop'}");

    String text = stream(Endpoint.CHAT, Dialect.ANTHROPIC, bytes).text();

    byte[] whole =
        Objects.requireNonNull(
            Replay.aggregate(Endpoint.CHAT, text.getBytes(StandardCharsets.UTF_8)));
    JsonNode calls = Trees.answer(whole).at("/choices/0/message/tool_calls");
    assertThat(calls.at("/0/function/arguments").asText()).isEqualTo(expected.replace('\'', '"'));
    assertThat(calls.at("/1/function/arguments").asText()).isEqualTo("{}");
  }
}

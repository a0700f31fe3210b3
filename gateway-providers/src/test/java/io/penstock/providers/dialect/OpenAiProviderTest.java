package io.penstock.providers.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.FailureKind;
import io.penstock.core.price.Meter;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Failure;
import io.penstock.providers.ProviderException;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OpenAiProviderTest {
  private static final String ASK =
      "{\"model\":\"alias\",\"zz\":{\"k\": 1},\"messages\":[],\"stream\":true}";
  private static final String ASK_USAGE =
      "{\"model\":\"alias\",\"messages\":[],\"stream\":true,\"stream_options\":{\"include_usage\":true}}";
  private static final String FIRST =
      "data:"
          + " {\"id\":\"c1\",\"created\":7,\"model\":\"gpt-4o-2024\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}],\"usage\":null}\n\n";
  private static final String TEXT =
      "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"h\\u00e9"
          + " \\\"error\\\":\"},\"finish_reason\":null}],\"usage\":null}\n\n";
  private static final String FINISH =
      "data:"
          + " {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\n\n";
  private static final String USAGE =
      "data:"
          + " {\"id\":\"c1\",\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5,\"total_tokens\":15,\"prompt_tokens_details\":{\"cached_tokens\":4}}}\n\n";
  private static final String DONE = "data: [DONE]\n\n";
  private static final String COMMENT = ": penstock " + Wire.COST + "\n\n";

  private static Wire.Call chat(String body) {
    return Wire.call(Dialect.OPENAI, Endpoint.CHAT, body);
  }

  @ParameterizedTest
  @CsvSource({
    "https://me:secret@api.example.com:8443/v1/chat?key=secret#secret,"
        + " https://api.example.com:8443/v1/chat",
    "/v2/chat?key=secret, /v2/chat",
    "https://h/sk-abcdefgh12345678/x, https://h/****/x",
    "http://h_x/a b?key=secret, http://h_x/a b",
    "?key=secret, (unreadable)"
  })
  void classify_redirect_saysWhereToWithoutSecrets(String location, String shown) {
    Failure failure =
        Providers.of(Dialect.OPENAI)
            .classify(301, Map.of("location", location)::get, Unpooled.EMPTY_BUFFER);

    assertThat(failure.kind()).isEqualTo(FailureKind.REDIRECTED);
    assertThat(failure.status()).isEqualTo(301);
    assertThat(failure.message()).isEqualTo(shown);
  }

  @Test
  void attempt_stream_splicesModelAndAsksForUsage() {
    assertThat(chat(ASK).sent())
        .isEqualTo(
            "{\"model\":\"upstream-model\",\"zz\":{\"k\":"
                + " 1},\"messages\":[],\"stream\":true,\"stream_options\":{\"include_usage\":true}}");
    assertThat(chat(ASK_USAGE.replace("true}", "false,\"x\":1}")).sent())
        .contains("\"stream_options\":{\"include_usage\":true,\"x\":1}");
    assertThat(chat(ASK).options(Map.of("stream_options", "off")).sent()).doesNotContain("usage");
  }

  @Test
  void attempt_responsesWhereThereAreNone_goAsChatCompletions() {
    Wire.Call call =
        Wire.call(Dialect.OPENAI, Endpoint.RESPONSES, "{\"model\":\"alias\",\"input\":\"Hi\"}");
    assertThat(call.attempt().request().path()).isEqualTo("/responses");

    call.options(Map.of("responses", "off"));
    assertThat(call.attempt().request().path()).isEqualTo("/chat/completions");
    assertThat(call.sent()).contains("\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"");
  }

  @Test
  void attempt_capSetDefault_useTheClientsField() {
    String body = "{\"model\":\"a\",\"max_tokens\":900}";

    assertThat(chat(body).maxTokens(100).sent())
        .isEqualTo("{\"model\":\"upstream-model\",\"max_tokens\":100}");
    assertThat(chat(body).defaults("max_completion_tokens", "5").sent())
        .isEqualTo("{\"model\":\"upstream-model\",\"max_tokens\":900}");
    assertThat(chat("{}").maxTokens(100).set("service_tier", "\"flex\"").sent())
        .isEqualTo(
            "{\"model\":\"upstream-model\",\"service_tier\":\"flex\",\"max_completion_tokens\":100}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "CHAT | 'max_tokens':16000,'max_completion_tokens':16000"
            + " | 'max_tokens':999,'max_completion_tokens':999",
        "CHAT | 'max_tokens':null,'max_completion_tokens':9000"
            + " | 'max_tokens':null,'max_completion_tokens':999",
        "CHAT | 'max_completion_tokens':null | 'max_completion_tokens':999",
        "CHAT | 'max_output_tokens':3,'max_tokens':9 | 'max_output_tokens':3,'max_tokens':999",
        "CHAT | 'maxOutputTokens':3 | 'maxOutputTokens':3,'max_completion_tokens':999",
        "COMPLETIONS | 'max_completion_tokens':3 | 'max_completion_tokens':3,'max_tokens':999",
        "RESPONSES | 'max_tokens':3 | 'max_tokens':3,'max_output_tokens':999",
      })
  void attempt_cap_isInEveryFieldThatTheEndpointKnows(Endpoint endpoint, String has, String sent) {
    String body = ("{'model':'a'," + has + "}").replace('\'', '"');
    String expected = ("{'model':'upstream-model'," + sent + "}").replace('\'', '"');

    assertThat(Wire.call(Dialect.OPENAI, endpoint, body).maxTokens(999).sent()).isEqualTo(expected);
    assertThat(Wire.call(Dialect.OPENAI, endpoint, body).set("max_output_tokens", "999").sent())
        .isEqualTo(expected);
  }

  @Test
  void attempt_addedCap_fillsWhatIsNull() {
    assertThat(chat("{\"model\":\"a\",\"max_tokens\":null}").defaults("max_tokens", "5").sent())
        .isEqualTo(
            "{\"model\":\"upstream-model\",\"max_tokens\":null,\"max_completion_tokens\":5}");
  }

  @Test
  void stream_clientDidNotAsk_usageChunkRemovedCostInComment() {
    Wire.Outcome out = chat(ASK).streamed(FIRST + TEXT + FINISH + USAGE + DONE + DONE);

    assertThat(out.text()).isEqualTo(FIRST + TEXT + FINISH + COMMENT + DONE);
    assertThat(out.beforeContent()).isEqualTo(FIRST);
    assertThat(out.relayed()).isEqualTo("hé \"error\":");
    AnswerSummary settled = out.settled();
    assertThat(settled).isNotNull();
    assertThat(settled.usageReported()).isTrue();
    assertThat(settled.finish()).isEqualTo("stop");
    assertThat(settled.usage().of(Meter.INPUT)).isEqualTo(6);
    assertThat(settled.usage().of(Meter.CACHE_READ)).isEqualTo(4);
    assertThat(settled.usage().of(Meter.OUTPUT)).isEqualTo(5);
    assertThat(settled.usage().model()).isEqualTo("gpt-4o-2024");
  }

  @Test
  void stream_clientAsked_costInUsageChunk() {
    Wire.Outcome out = chat(ASK_USAGE).streamed(FIRST + TEXT + FINISH + USAGE + DONE);

    assertThat(out.text())
        .isEqualTo(
            FIRST
                + TEXT
                + FINISH
                + USAGE.replace("}}}\n", "},\"penstock\":" + Wire.COST + "}}\n")
                + DONE);
  }

  @Test
  void stream_everySplit_givesTheSameBytesAndUsage() {
    String stream = FIRST + ": keep\r\n\r\n" + TEXT + FINISH + USAGE + DONE;
    for (String ask : new String[] {ASK, ASK_USAGE}) {
      Wire.Outcome whole = chat(ask).streamed(stream);
      for (int cut = 0; cut <= stream.length(); cut++) {
        assertThat(chat(ask).streamed(stream, cut)).isEqualTo(whole);
      }
    }
  }

  @Test
  void stream_usageInEachChunk_lastWinsAndContentIsNotHeld() {
    String chunk =
        "data:"
            + " {\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":null}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}\n\n";
    String last =
        "data:"
            + " {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n";

    Wire.Outcome out = chat(ASK).streamed(chunk + last);

    assertThat(out.text()).isEqualTo(chunk + last + COMMENT + DONE);
    assertThat(out.summary().usage().outputTokens()).isEqualTo(2);
    assertThat(out.summary().finish()).isEqualTo("length");
  }

  @Test
  void stream_groqUsage_isRead() {
    String last =
        "data:"
            + " {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"x_groq\":{\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}}\n\n";

    assertThat(chat(ASK).streamed(last + DONE).summary().usage().inputTokens()).isEqualTo(3);
  }

  @Test
  void stream_noUsage_isNotReported() {
    AnswerSummary summary = chat(ASK).streamed(FIRST + TEXT + FINISH + DONE).summary();

    assertThat(summary.usageReported()).isFalse();
    assertThat(summary.usage().model()).isEqualTo("gpt-4o-2024");
  }

  @ParameterizedTest
  @CsvSource({"0", "1", "2"})
  void stream_cutBeforeFinish_isCut(int events) {
    String[] all = {"", FIRST, FIRST + TEXT};

    Failure failure = chat(ASK).streamed(all[events]).failure();

    assertThat(failure).isNotNull();
    assertThat(failure.kind()).isEqualTo(FailureKind.CUT);
  }

  @Test
  void stream_errorEvent_isClassified() {
    Failure failure =
        chat(ASK)
            .streamed(
                "data: {\"error\":{\"message\":\"slow"
                    + " down\",\"code\":\"rate_limit_exceeded\"}}\n\n")
            .failure();

    assertThat(failure).isNotNull();
    assertThat(failure.kind()).isEqualTo(FailureKind.RATE_LIMITED);
    assertThat(failure.message()).isEqualTo("slow down");
  }

  @Test
  void unary_chat_sameBytesAndUsage() {
    String answer =
        "{\"id\":\"c\",\"model\":\"m1\",\"service_tier\":\"flex\",\"choices\":[{\"message\":{\"content\":null,\"tool_calls\":[{\"id\":\"1\"}]},\"finish_reason\":\"tool_calls\"}],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5,\"completion_tokens_details\":{\"reasoning_tokens\":2}}}";

    Answer read = chat("{}").unary(answer);

    assertThat(read.body().toString(UTF_8)).isEqualTo(answer);
    read.body().release();
    assertThat(read.summary().toolCalls()).isTrue();
    assertThat(read.summary().finish()).isEqualTo("tool_calls");
    assertThat(read.summary().usage().serviceTier()).isEqualTo("flex");
    assertThat(read.summary().usage().of(Meter.OUTPUT_REASONING)).isEqualTo(2);
    assertThat(read.summary().usage().of(Meter.OUTPUT)).isEqualTo(3);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"error\":{\"message\":\"x\",\"code\":429}}|RATE_LIMITED",
        "{\"choices\":[|MALFORMED",
        "<html>|MALFORMED",
        "{}|MALFORMED",
        "{\"choices\":[]} x|MALFORMED",
        "{\"choices\":[]}|MALFORMED",
        "{\"choices\":null,\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":0}}|MALFORMED"
      })
  void unary_notAnAnswer_isAFailure(String body, FailureKind kind) {
    assertThatThrownBy(() -> chat("{}").unary(body))
        .isInstanceOfSatisfying(
            ProviderException.class, e -> assertThat(e.failure().kind()).isEqualTo(kind));
  }

  @Test
  void unary_failedResponse_tellsWhatItUsed() {
    String failed =
        "{\"id\":\"resp_1\",\"status\":\"failed\",\"error\":{\"code\":\"server_error\","
            + "\"message\":\"no\"},\"model\":\"m\",\"output\":[],\"usage\":{\"input_tokens\":900,"
            + "\"output_tokens\":70}}";
    Wire.Call call = Wire.call(Dialect.OPENAI, Endpoint.RESPONSES, "{}");

    assertThatThrownBy(() -> call.unary(failed))
        .isInstanceOfSatisfying(
            ProviderException.class,
            e -> {
              assertThat(e.failure().kind()).isEqualTo(FailureKind.SERVER_ERROR);
              assertThat(e.summary().usageReported()).isTrue();
              assertThat(e.summary().usage().of(Meter.INPUT)).isEqualTo(900);
              assertThat(e.summary().usage().of(Meter.OUTPUT)).isEqualTo(70);
            });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "RERANK | {'object':'list','data':[{'relevance_score':0.4,'index':0}],"
            + "'usage':{'total_tokens':26}} | INPUT | 26",
        "RERANK | {'results':[],'usage':{'total_tokens':56}} | INPUT | 56",
        "EMBEDDINGS | {'data':[],'usage':{'total_tokens':10}} | INPUT | 10",
        "TRANSCRIPTIONS | {'task':'transcribe','duration':599.2,'text':'Hi'} | AUDIO_SECOND | 600",
        "TRANSLATIONS | {'duration':'600','text':'Hi'} | AUDIO_SECOND | 600",
        "TRANSCRIPTIONS | {'duration':600,'text':'Hi','usage':{'type':'duration','seconds':601}}"
            + " | AUDIO_SECOND | 601",
      })
  void unary_otherShapes_tellWhatTheyUsed(
      Endpoint endpoint, String answer, Meter meter, long count) {
    Answer read = Wire.call(Dialect.OPENAI, endpoint, "{}").unary(answer.replace('\'', '"'));

    read.body().release();
    assertThat(read.summary().usageReported()).isTrue();
    assertThat(read.summary().usage().of(meter)).isEqualTo(count);
  }

  @Test
  void responsesStream_completed_costBeforeTheTerminalEvent() {
    String head =
        "event: response.created\n"
            + "data:"
            + " {\"type\":\"response.created\",\"response\":{\"model\":\"m\",\"error\":null},\"sequence_number\":0}\n\n"
            + "event: response.output_text.delta\n"
            + "data: {\"type\":\"response.output_text.delta\",\"delta\":\"hi\"}\n\n";
    String end =
        "event: response.completed\n"
            + "data:"
            + " {\"type\":\"response.completed\",\"response\":{\"model\":\"m\",\"status\":\"completed\",\"output\":[{\"type\":\"function_call\"}],\"usage\":{\"input_tokens\":9,\"input_tokens_details\":{\"cached_tokens\":3},\"output_tokens\":4,\"output_tokens_details\":{\"reasoning_tokens\":1}}}}\n\n";
    Wire.Call call = Wire.call(Dialect.OPENAI, Endpoint.RESPONSES, "{\"stream\":true}");

    Wire.Outcome out = call.streamed(head + end);

    assertThat(out.text()).isEqualTo(head + COMMENT + end);
    assertThat(out.summary().finish()).isEqualTo("tool_calls");
    assertThat(out.summary().usage().of(Meter.INPUT)).isEqualTo(6);
    assertThat(out.relayed()).isEqualTo("hi");
    for (int cut = 0; cut < (head + end).length(); cut++) {
      assertThat(call.streamed(head + end, cut)).isEqualTo(out);
    }
    assertThat(call.streamed(head).failure()).isNotNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "401|{\"error\":{\"message\":\"Incorrect API key provided: sk-abc12345678\"}}|CREDENTIALS",
        "403|{}|CREDENTIALS",
        "400|{\"error\":{\"message\":\"too"
            + " long\",\"code\":\"context_length_exceeded\"}}|CONTEXT_LENGTH",
        "400|{\"error\":{\"message\":\"no\",\"code\":\"content_filter\"}}|CONTENT_POLICY",
        "400|{\"error\":{\"message\":\"bad\",\"param\":\"n\"}}|BAD_REQUEST",
        "429|{\"error\":{\"code\":\"insufficient_quota\"}}|QUOTA",
        "429|{\"error\":{\"code\":\"rate_limit_exceeded\"}}|RATE_LIMITED",
        "402|{}|QUOTA",
        "404|{\"error\":{\"code\":\"model_not_found\"}}|BAD_REQUEST",
        "500|oops|SERVER_ERROR",
        "503|{}|OVERLOADED",
        "529|{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"x\"}}|OVERLOADED",
        "302|x|MALFORMED"
      })
  void classify_statusAndBody_givesTheKind(int status, String body, FailureKind kind) {
    ByteBuf bytes = Unpooled.copiedBuffer(body, UTF_8);

    Failure failure =
        Providers.of(Dialect.OPENAI).classify(status, Map.of("retry-after", "2")::get, bytes);

    bytes.release();
    assertThat(failure.kind()).isEqualTo(kind);
    assertThat(failure.retryAfterMillis()).isEqualTo(2000);
    assertThat(failure.message()).doesNotContain("sk-abc");
  }

  @Test
  void classify_errorInsideOfAnArray_isRead() {
    ByteBuf bytes =
        Unpooled.copiedBuffer(
            "[{\"error\":{\"code\":400,\"message\":\"The input token count (9) exceeds the maximum"
                + " number of tokens allowed (8).\",\"status\":\"INVALID_ARGUMENT\"}}\n]",
            UTF_8);

    Failure failure = Providers.of(Dialect.GEMINI).classify(400, name -> null, bytes);

    bytes.release();
    assertThat(failure.kind()).isEqualTo(FailureKind.CONTEXT_LENGTH);
    assertThat(failure.message()).startsWith("The input token count (9)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"error\":{\"code\":400,\"message\":\"m\",\"status\":\"INVALID_ARGUMENT\"}}|INVALID_ARGUMENT",
        "{\"object\":\"error\",\"message\":\"m\",\"type\":\"BadRequestError\",\"code\":400}|BadRequestError",
        "{\"error\":{\"message\":\"m\",\"code\":400}}|",
        "{\"error\":{\"message\":\"m\",\"type\":\"t\",\"code\":\"bad_value\"}}|bad_value",
        "{\"object\":\"error\",\"message\":\"m\",\"code\":\"3230\"}|3230"
      })
  void classify_statusAsCode_isNoCode(String body, @Nullable String code) {
    ByteBuf bytes = Unpooled.copiedBuffer(body, UTF_8);

    Failure failure = Providers.of(Dialect.OPENAI).classify(400, name -> null, bytes);

    bytes.release();
    assertThat(failure.code()).isEqualTo(code);
  }
}

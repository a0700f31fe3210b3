package io.penstock.providers.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.FailureKind;
import io.penstock.core.price.Meter;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Failure;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Streams in which a name that matters stands elsewhere too, or later than usual. */
class OddStreamsTest {
  private static final String DONE = "data: [DONE]\n\n";
  private static final String COMMENT = ": penstock " + Wire.COST + "\n\n";

  private static Wire.Call chat() {
    return Wire.call(
        Dialect.OPENAI,
        Endpoint.CHAT,
        "{\"stream\":true,\"stream_options\":{\"include_usage\":true}}");
  }

  private static Wire.Call responses() {
    return Wire.call(Dialect.OPENAI, Endpoint.RESPONSES, "{\"stream\":true}");
  }

  private static Wire.Call gemini() {
    return Wire.call(Dialect.GEMINI, Endpoint.GENERATE, "{}").stream(false);
  }

  /** An event whose JSON is written with single quotes. */
  private static String event(String json) {
    return "data: " + json.replace('\'', '"') + "\n\n";
  }

  /** The same with the line ends of Gemini, with which a withheld chunk is written. */
  private static String chunk(String json) {
    return "data: " + json.replace('\'', '"') + "\r\n\r\n";
  }

  private static String choices(String... choices) {
    return event("{'choices':[" + String.join(",", choices) + "]}");
  }

  /** One event for each group of choices; blanks part them. */
  private static String chunks(String groups) {
    return Stream.of(groups.split(" ")).map(group -> choices(group)).collect(Collectors.joining());
  }

  private static AnswerSummary settled(Wire.Outcome out) {
    assertThat(out.failure()).isNull();
    return Objects.requireNonNull(out.settled());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'choices':[{'index':0,'delta':{'content':'Hel",
        "{'choices':[{'index':0,'delta':{'content':'Hello'}}]",
        "{'choices':[{'index':0,'delta':{'content':'Hello'}",
        "{'choices':[{'index':0,'delta':{}}],'usage':{'prompt_tokens':3",
        "{'id':'x'",
        "{",
        "{'choices':[{'index':0,'delta':{'content':'Hello'}}]}}",
      })
  void chat_eventThatIsNoObject_isMalformed_wherever(String json) {
    String begun = choices("{'index':0,'delta':{'content':'So }'}}");
    Wire.Outcome alone = chat().streamed(event(json) + DONE);
    Wire.Outcome later = chat().streamed(begun + event(json) + DONE);
    for (Wire.Outcome out : List.of(alone, later)) {
      assertThat(Objects.requireNonNull(out.failure()).kind()).isEqualTo(FailureKind.MALFORMED);
      assertThat(out.settled()).isNull();
    }
    assertThat(alone.text()).isEmpty();
    assertThat(later.text()).isEqualTo(begun);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ": keep-alive\n\n",
        "data: {'choices':[]}\n\n",
        "data: {'choices':[],'usage':{'prompt_tokens':3,'completion_tokens':0}}\n\n",
      })
  void chat_doneWithoutAnyChoice_isNoAnswer(String before) {
    Failure failure = chat().streamed(before.replace('\'', '"') + DONE).failure();
    assertThat(Objects.requireNonNull(failure).kind()).isEqualTo(FailureKind.MALFORMED);
  }

  /** Whatever it was spent on, it is paid. */
  @Test
  void chat_doneWithoutAnyChoice_butWithOutput_isTheAnswer() {
    Wire.Outcome out =
        chat()
            .streamed(
                event("{'choices':[],'usage':{'prompt_tokens':3,'completion_tokens':2}}") + DONE);
    assertThat(settled(out).usage().of(Meter.OUTPUT)).isEqualTo(2);
  }

  /** Behind a response: its own keys, those of its items and those that the client chose. */
  private static final String RESPONSE =
      "{'id':'resp_1','metadata':{'model':'theirs','type':'theirs','error':{}},'model':'m-1',"
          + "'output':[{'content':[{'text':'Hello','type':'output_text'}],'id':'msg_1',"
          + "'type':'message'}],'service_tier':'flex','status':'completed',"
          + "'text':{'format':{'type':'text'}},'type':'response',"
          + "'usage':{'input_tokens':9,'output_tokens':4}}";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        // Sorted, as Ollama has it, and in the order in which pydantic dumps.
        "{'response':%s,'sequence_number':%d,'type':'%s'}"
            + " | {'delta':'Hel \\'lo','sequence_number':1,'type':'response.output_text.delta'}",
        "{'response':%s,'sequence_number':%d,'type':'%s'}"
            + " | {'content_index':0,'delta':'Hel \\'lo','item_id':'m','logprobs':[{'type':'x'}],"
            + "'output_index':0,'sequence_number':1,'type':'response.output_text.delta'}",
        "{'type':'%3$s','sequence_number':%2$d,'response':%1$s}"
            + " | {'type':'response.output_text.delta','delta':'Hel \\'lo','sequence_number':1}",
      })
  void responses_typeBehindTheRest_isRead(String shape, String delta) {
    String begun = RESPONSE.replace("'status':'completed'", "'status':'in_progress'");
    String head =
        event(shape.formatted(begun, 0, "response.created"))
            + event(delta)
            + event("{'item':{'id':'msg_1','type':'message'},'type':'response.output_item.done'}");
    String last = event(shape.formatted(RESPONSE, 2, "response.completed"));

    Wire.Outcome out = responses().streamed(head + last);

    AnswerSummary summary = settled(out);
    assertThat(out.text()).isEqualTo(head + COMMENT + last);
    assertThat(out.relayed()).isEqualTo("Hel \"lo");
    assertThat(out.beforeContent()).doesNotContain("delta");
    assertThat(summary.usageReported()).isTrue();
    assertThat(summary.usage().of(Meter.OUTPUT)).isEqualTo(4);
    assertThat(summary.usage().model()).isEqualTo("m-1");
    assertThat(summary.usage().serviceTier()).isEqualTo("flex");
    assertThat(summary.stored()).containsExactly("resp_1", "msg_1");
    assertThat(summary.finish()).isEqualTo("stop");
    for (int cut = 0; cut < (head + last).length(); cut++) {
      assertThat(responses().streamed(head + last, cut)).isEqualTo(out);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'error':{'code':'rate_limit_exceeded','message':'slow'}}",
        "{'error':{'code':'rate_limit_exceeded','message':'slow'},'type':'error'}",
        "{'code':'rate_limit_exceeded','message':'slow','type':'error'}",
        "{'response':{'error':{'code':'rate_limit_exceeded','message':'slow'},'type':'x'},"
            + "'type':'response.failed'}",
      })
  void responses_errorInAnyOrder_isClassified(String error) {
    Failure failure = responses().streamed(event(error)).failure();

    assertThat(failure).isNotNull();
    assertThat(failure.kind()).isEqualTo(FailureKind.RATE_LIMITED);
    assertThat(failure.message()).isEqualTo("slow");
  }

  @Test
  void chat_errorOfAFilter_isNoneOfTheStream() {
    String filter =
        "'content_filter_results':{},'content_filter_result':{'error':"
            + "{'code':'content_filter_error','message':'The contents are not filtered'}},";
    String stream =
        event("{'choices':[],'prompt_filter_results':[{'content_filter_result':{'error':'x'}}]}")
            + choices("{" + filter + "'index':0,'delta':{'content':'Hi'}}")
            + choices("{" + filter + "'index':0,'delta':{},'finish_reason':'stop'}")
            + DONE;

    Wire.Outcome out = chat().streamed(stream);

    assertThat(settled(out).finish()).isEqualTo("stop");
    assertThat(out.text()).isEqualTo(stream.replace(DONE, COMMENT + DONE));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'error':{'code':'rate_limit_exceeded','message':'slow'}}",
        "{'error':'rate_limit_exceeded'}",
        "{'choices':[{'index':0},{'index':1,'error':{'code':429,'message':'slow'}}]}",
        "{'choices':[],'x_groq':{'error':'rate_limit_exceeded'}}",
      })
  void chat_errorOfTheStreamOrAChoice_isOne(String error) {
    Failure failure = chat().streamed(event(error)).failure();

    assertThat(failure).isNotNull();
    assertThat(failure.kind()).isEqualTo(FailureKind.RATE_LIMITED);
    assertThat(failure.message()).isIn("slow", "rate_limit_exceeded");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'usage':{%s},'usage_breakdown':{'models':[{'model':'x','usage':{'prompt_tokens':1}}]}",
        "'usage_breakdown':{'models':[{'model':'x','usage':{'prompt_tokens':1}}]},'usage':{%s}",
        "'x_groq':{'usage':{'prompt_tokens':1}},'usage':{%s}",
        "'usage':{%s},'x_groq':{'id':'r','usage':{'prompt_tokens':1}}",
        "'usage':null,'x_groq':{'id':'r','usage':{%s}},'z':{'usage':{'prompt_tokens':1}}",
      })
  void chat_usage_isTheChunksOwnElseGroqs(String fields) {
    String real = "'prompt_tokens':10000,'completion_tokens':5000";
    String head = choices("{'index':0,'delta':{'content':'Hi'},'finish_reason':'stop'}");
    String last = "{'choices':[],'model':'m'," + fields.formatted(real) + "}";

    Wire.Outcome out = chat().streamed(head + event(last) + DONE);

    assertThat(settled(out).usage().inputTokens()).isEqualTo(10000);
    assertThat(settled(out).usage().outputTokens()).isEqualTo(5000);
    assertThat(settled(out).usage().model()).isEqualTo("m");
    assertThat(out.text())
        .isEqualTo(head + event(last.replace(real, real + ",'penstock':" + Wire.COST)) + DONE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // One choice of two goes on; the same with the index behind the finish.
        "{'index':0,'delta':{'content':'a'}} {'index':1,'delta':{'content':'b'}}"
            + " {'index':0,'finish_reason':'stop'}",
        "{'delta':{'content':'a'},'index':0} {'delta':{'content':'b'},'index':1}"
            + " {'delta':{},'finish_reason':'stop','index':1}",
        // Both in one chunk, and without any index.
        "{'index':0,'finish_reason':'stop'},{'index':1,'delta':{'content':'b'}}",
        "{'finish_reason':'stop','index':1},{'delta':{'content':'b'}}",
        "{'delta':{'content':'a'},'finish_reason':null}",
        "{'delta':{'content':'a'},'finish_reason':''}",
        "{'delta':{'tool_calls':[{'index':0,'finish_reason':'stop'}]}}",
        "{'index':999999999999999999999,'finish_reason':'stop'},{'index':-1}",
      })
  void chat_choiceThatIsNotFinished_isCut(String chunks) {
    String stream = chunks(chunks);

    Failure failure = chat().streamed(stream).failure();

    assertThat(failure).isNotNull();
    assertThat(failure.kind()).isEqualTo(FailureKind.CUT);
    // Some servers never say more than that they are done; such an answer is not kept.
    Wire.Outcome done = chat().streamed(stream + DONE);
    assertThat(done.failure()).isNull();
    assertThat(settled(done).finish()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'index':0,'delta':{'content':'a'}} {'index':1,'delta':{'content':'b'}}"
            + " {'index':1,'finish_reason':'length'} {'index':0,'finish_reason':'stop'}",
        "{'delta':{},'finish_reason':'stop','index':0},{'finish_reason':'stop','index':1}",
        "{'finish_reason':'stop'} {'index':0,'delta':{},'finish_reason':null}",
        "{'finish_reason':'stop','index':9999},{'index':200,'finish_reason':'stop'}",
      })
  void chat_everyChoiceFinished_isWhole(String chunks) {
    String stream = chunks(chunks);

    for (String end : List.of("", DONE)) {
      assertThat(settled(chat().streamed(stream + end)).finish()).isEqualTo("stop");
    }
  }

  private static String candidate(String part, String rest) {
    return "{'content':{'parts':[" + part + "],'role':'model'}" + rest + "}";
  }

  @Test
  void gemini_keysInArguments_areNotTheAnswers() {
    String args =
        "{'functionCall':{'args':{'usageMetadata':{'promptTokenCount':1},'modelVersion':'theirs',"
            + "'finishReason':'MAX_TOKENS','error':{'code':1},'blockReason':'x','index':7},"
            + "'name':'f'}}";
    String real = "'promptTokenCount':1000,'candidatesTokenCount':50";
    String json =
        "{'modelVersion':'g-1','usageMetadata':{"
            + real
            + "},'candidates':["
            + candidate(args, ",'finishReason':'STOP','index':0")
            + "]}";

    Wire.Outcome out = gemini().streamed(chunk(json));

    AnswerSummary summary = settled(out);
    assertThat(summary.usage().inputTokens()).isEqualTo(1000);
    assertThat(summary.usage().model()).isEqualTo("g-1");
    assertThat(summary.finish()).isEqualTo("tool_calls");
    assertThat(out.text()).isEqualTo(chunk(json.replace(real, real + ",'penstock':" + Wire.COST)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'candidates':[{'content':{'parts':[{'functionCall':{'args':{'finishReason':'STOP'}}}]}}]}",
        "{'candidates':[{'content':{'parts':[{'functionCall':{'args':{'blockReason':'X'}}}]}}]}",
        "{'candidates':[{'index':0},{'index':1,'finishReason':'STOP'}]}",
        "{'candidates':[{'finishReason':'STOP'},{'content':{'parts':[{'text':'b'}]},'index':1}]}",
        "{'candidates':[{'finishReason':'FINISH_REASON_UNSPECIFIED'}]}",
        "{'usageMetadata':{'promptTokenCount':1}}",
      })
  void gemini_candidateThatIsNotFinished_isCut(String json) {
    Failure failure = gemini().streamed(chunk(json)).failure();

    assertThat(failure).isNotNull();
    assertThat(failure.kind()).isEqualTo(FailureKind.CUT);
  }

  @Test
  void gemini_secondCandidateCut_isCutAndEveryChunkWasSent() {
    String stream =
        event("{'candidates':[" + candidate("{'text':'a'}", ",'index':0") + "]}")
            + event("{'candidates':[" + candidate("{'text':'b'}", ",'index':1") + "]}")
            + event("{'candidates':[{'finishReason':'STOP','index':0}]}");

    Wire.Outcome out = gemini().streamed(stream);

    assertThat(out.failure()).isNotNull();
    assertThat(out.text()).isEqualTo(stream);
    String last = event("{'candidates':[{'finishReason':'STOP','index':1}]}");
    assertThat(settled(gemini().streamed(stream + last)).finish()).isEqualTo("stop");
  }

  @Test
  void gemini_blockedPrompt_isWhole() {
    String json = "{'promptFeedback':{'blockReason':'SAFETY'},'usageMetadata':{}}";

    assertThat(settled(gemini().streamed(chunk(json))).finish()).isEqualTo("content_filter");
  }

  @Test
  void gemini_usageBehindTheFinish_hasTheCost() {
    String head =
        chunk("{'candidates':[" + candidate("{'text':'a'}", ",'finishReason':'STOP'") + "]}");
    String last = "{'usageMetadata':{'promptTokenCount':100,'candidatesTokenCount':50}}";

    Wire.Outcome out = gemini().streamed(head + chunk(last));

    assertThat(settled(out).usage().inputTokens()).isEqualTo(100);
    assertThat(out.text())
        .isEqualTo(head + chunk(last.replace("50}", "50,'penstock':" + Wire.COST + "}")));
    assertThat(
            Wire.call(Dialect.GEMINI, Endpoint.GENERATE, "{}").stream(true)
                .streamed(head + chunk(last))
                .text())
        .startsWith("[{")
        .endsWith("\"penstock\":" + Wire.COST + "}}]");
  }

  @Test
  void messages_blocksOwnType_isReadInAnyOrder() {
    String start =
        "{'index':0,'type':'content_block_start','content_block':"
            + "{'id':'t','input':{'type':'text'},'name':'f','type':'%s'}}";
    Wire.Call call = Wire.call(Dialect.ANTHROPIC, Endpoint.MESSAGES, "{\"stream\":true}");
    String begin = event("{'message':{'model':'m','usage':{}},'type':'message_start'}");

    assertThat(call.streamed(begin + event(start.formatted("tool_use"))).summary().toolCalls())
        .isTrue();
    Wire.Outcome text = call.streamed(begin + event(start.formatted("text")));
    assertThat(text.summary().toolCalls()).isFalse();
    assertThat(text.beforeContent()).isEqualTo(text.text());
  }

  @Test
  void chat_choiceThatNeverBegins_isCut_unlessTheProviderSaysItIsDone() {
    Wire.Call two = Wire.call(Dialect.OPENAI, Endpoint.CHAT, "{\"n\":2,\"stream\":true}");
    String first = chunks("{'index':0,'delta':{'content':'a'},'finish_reason':'stop'}");
    String second = chunks("{'index':1,'delta':{'content':'b'},'finish_reason':'stop'}");

    assertThat(two.streamed(first).failure()).isNotNull();
    assertThat(two.streamed(first).settled()).isNull();
    settled(two.streamed(first + second));
    // It may know of no several choices.
    settled(two.streamed(first + "data: [DONE]\n\n"));
  }
}

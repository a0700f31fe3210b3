package io.penstock.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Endpoint;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class AnswerFactsTest {
  private static final String GOOD =
      "{\"choices\":[{\"message\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "CHAT|{'choices':[{'message':{'content':'h'},'finish_reason':'length'}]}",
        "CHAT|{'choices':[{'message':{'content':'h'},'finish_reason':'content_filter'}]}",
        "CHAT|{'choices':[{'message':{'refusal':'no'},'finish_reason':'stop'}]}",
        "CHAT|{'choices':[{'message':{'content':'h','tool_calls':[{}]},'finish_reason':'stop'}]}",
        "CHAT|{'choices':[{'message':{'content':''},'finish_reason':'stop'}]}",
        "CHAT|{'choices':[]}",
        "CHAT|{'error':{'message':'overloaded'}}",
        "CHAT|<html>",
        "RESPONSES|{'status':'incomplete','output':[]}",
        "RESPONSES|{'status':'completed','output':[{'type':'function_call'}]}",
        "RESPONSES|{'status':'completed','output':[{'type':'message','content':[{'type':'refusal'}]}]}",
        "MESSAGES|{'type':'error','error':{}}",
        "MESSAGES|{'stop_reason':'max_tokens','content':[{'type':'text','text':'h'}]}",
        "MESSAGES|{'stop_reason':'refusal','content':[{'type':'text','text':'h'}]}",
        "MESSAGES|{'stop_reason':'end_turn','content':[{'type':'tool_use'}]}",
        "GENERATE|{'promptFeedback':{'blockReason':'SAFETY'}}",
        "GENERATE|{'candidates':[{'finishReason':'SAFETY'}]}",
        "GENERATE|{'candidates':[{'finishReason':'STOP','content':{'parts':[{'functionCall':{}}]}}]}",
        "EMBEDDINGS|{'data':[]}",
      })
  void refusal_whatMustNotBeStored_isNamed(Endpoint endpoint, String body) {
    byte[] bytes = body.replace('\'', '"').getBytes(StandardCharsets.UTF_8);

    assertThat(new AnswerFacts(endpoint, 200, true, false).refusal(bytes)).isNotNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "CHAT|{'choices':[{'message':{'content':'h','tool_calls':null},'finish_reason':'stop'}]}",
        "RESPONSES|{'status':'completed','error':null,'output':[{'type':'reasoning'},"
            + "{'type':'message','content':[{'type':'output_text','text':'h'}]}]}",
        "MESSAGES|{'type':'message','stop_reason':'end_turn','content':[{'type':'text','text':'h'}]}",
        "GENERATE|{'candidates':[{'finishReason':'STOP','content':{'parts':[{'text':'h'}]}}]}",
      })
  void refusal_wholeAnswer_isNone(Endpoint endpoint, String body) {
    byte[] bytes = body.replace('\'', '"').getBytes(StandardCharsets.UTF_8);

    assertThat(new AnswerFacts(endpoint, 200, true, false).refusal(bytes)).isNull();
    assertThat(AnswerInspector.inspect(endpoint, bytes).text()).isEqualTo("h");
  }

  @Test
  void refusal_howItCameAbout_decidesBeforeTheBody() {
    byte[] good = GOOD.getBytes(StandardCharsets.UTF_8);

    assertThat(new AnswerFacts(Endpoint.CHAT, 200, true, false).refusal(good)).isNull();
    assertThat(new AnswerFacts(Endpoint.CHAT, 206, true, false).refusal(good)).isNotNull();
    assertThat(new AnswerFacts(Endpoint.CHAT, 200, false, false).refusal(good)).isNotNull();
    assertThat(new AnswerFacts(Endpoint.CHAT, 200, true, true).refusal(good)).isNotNull();
  }
}

package io.penstock.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Endpoint;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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
        "CHAT|{'choices':[{'message':{'content':'h'},'finish_reason':'stop'}]}{'error':{}}",
        "GENERATE|{'candidates':[{'finishReason':'STOP','content':{'parts':[{'text':'h','functionCall':{}}]}}]}",
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

  @ParameterizedTest
  @ValueSource(
      strings = {
        "I'm sorry, but I can't assist with that.",
        "I\u2019m sorry, but I can\u2019t help with that request.",
        "Sorry, I cannot provide instructions for that.",
        "I can't help with that.",
        "I am unable to answer this question.",
        "As an AI language model, I cannot discuss this.",
        "Unfortunately, I won't be able to help. I will not write that. I can't do that."
      })
  void refusal_inTheModelsOwnWords_isRefused(String text) {
    assertThat(new AnswerFacts(Endpoint.CHAT, 200, true, false).refusal(chat(text)))
        .isEqualTo("refused");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "I can help you with that: open the settings.",
        "I am able to provide the list: a, b, c.",
        "You can't assist a player who has left.",
        "Sorry to hear that! Reset the router, then sign in again.",
        "The function can't create a file that is there.",
        "I cannot stress enough how important backups are.",
        "I'm sorry for your loss."
      })
  void refusal_whatOnlySoundsLikeOne_isNone(String text) {
    assertThat(new AnswerFacts(Endpoint.CHAT, 200, true, false).refusal(chat(text))).isNull();
  }

  private static byte[] chat(String text) {
    return "{\"choices\":[{\"message\":{\"content\":\"%s\"},\"finish_reason\":\"stop\"}]}"
        .formatted(text)
        .getBytes(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "CHAT|{'choices':[%s]}|{'message':{'content':'h'},'finish_reason':'stop'}",
        "COMPLETIONS|{'choices':[%s]}|{'text':'h','finish_reason':'stop'}",
        "GENERATE|{'candidates':[%s]}|{'finishReason':'STOP','content':{'parts':[{'text':'h'}]}}",
      })
  void refusal_fewerAnswersThanAskedFor_isNamed(Endpoint endpoint, String body, String answer) {
    for (int count = 1; count <= 3; count++) {
      String answers = String.join(",", Collections.nCopies(count, answer));
      byte[] bytes = body.formatted(answers).replace('\'', '"').getBytes(StandardCharsets.UTF_8);

      assertThat(new AnswerFacts(endpoint, 200, true, false, 2).refusal(bytes))
          .isEqualTo(count < 2 ? "1 answers of 2" : null);
      assertThat(new AnswerFacts(endpoint, 200, true, false).refusal(bytes)).isNull();
    }
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

package io.penstock.server.call.prompt;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Endpoint;
import io.penstock.core.body.RequestBody;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConversationTest {
  private static Conversation of(Endpoint endpoint, String json) {
    byte[] bytes = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    return Conversation.of(RequestBody.parse(bytes), endpoint);
  }

  /** The loop of an agent: what tools answer has the role of the user in two dialects. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "CHAT | {'messages':[{'role':'user','content':'why?'},{'role':'assistant','tool_calls':[]},"
            + "{'role':'tool','content':'42'}]}",
        "MESSAGES |"
            + " {'messages':[{'role':'user','content':'why?'},{'role':'assistant','content':[]},"
            + "{'role':'user','content':[{'type':'tool_result','content':'42'}]}]}",
        "GENERATE |"
            + " {'contents':[{'role':'user','parts':[{'text':'why?'}]},{'role':'model','parts':[]},"
            + "{'role':'user','parts':[{'functionResponse':{'name':'f','response':{}}}]}]}",
        "GENERATE |"
            + " {'contents':[{'role':'user','parts':[{'text':'why?'}]},{'role':'model','parts':[]},"
            + "{'role':'user','parts':[{'function_response':{'name':'f','response':{}}}]}]}"
      })
  void textIsTheQuestion_notWhatToolsAnsweredToIt(Endpoint endpoint, String body) {
    Conversation conversation = of(endpoint, body);
    assertThat(conversation.text()).isEqualTo("why?");
    assertThat(conversation.opening()).isEqualTo("why?");
    assertThat(conversation.turns()).isEqualTo(3);
  }

  @Test
  void wordsBesideToolResults_areTheUsers() {
    String body =
        "{'messages':[{'role':'user','content':'why?'},{'role':'user','content':[{'type':'tool_result','content':'42'},{'type':'text','text':'and"
            + " now?'}]}]}";
    assertThat(of(Endpoint.MESSAGES, body).text()).isEqualTo("and now?");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "systemInstruction | inlineData | fileData | mimeType | functionDeclarations",
        "system_instruction | inline_data | file_data | mime_type | function_declarations"
      })
  void geminisNames_areReadInBothSpellings(
      String system, String inline, String file, String mime, String functions) {
    String body =
        "{'%s':{'parts':[{'text':'be brief'}]},'tools':[{'%s':[{'name':'a'},{'name':'b'}]}],'contents':[{'role':'user','parts':[{'text':'see'},{'%s':{'%s':'image/png','data':''}},{'%s':{'%s':'image/png'}}]}]}"
            .formatted(system, functions, inline, mime, file, mime);
    Conversation conversation = of(Endpoint.GENERATE, body);
    assertThat(conversation.system()).isEqualTo("be brief");
    assertThat(conversation.tools()).isEqualTo(2);
    assertThat(conversation.images()).isEqualTo(2);
  }

  @Test
  void geminisContents_asOneObject_areTheQuestion() {
    String body = "{'contents':{'role':'user','parts':{'text':'why?'}}}";
    assertThat(of(Endpoint.GENERATE, body).text()).isEqualTo("why?");
  }
}

package io.penstock.server.call.prompt;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.body.RequestBody;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a request has its provider fetch or do, in every dialect. */
class ElsewhereTest {
  private static Elsewhere of(String json) {
    String body = json.replace('\'', '"');
    return Elsewhere.of(RequestBody.parse(body.getBytes(StandardCharsets.UTF_8)), true);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'previous_response_id':'resp_1','input':'on'}                                  | 1 | 0 |"
            + " 0",
        "{'previous_response_id':null,'input':'on'}                                      | 0 | 0 |"
            + " 0",
        "{'prompt':{'id':'pmpt_1'}}                                                      | 1 | 0 |"
            + " 0",
        "{'cachedContent':'cachedContents/1','contents':[]}                              | 1 | 0 |"
            + " 0",
        "{'tools':[{'type':'web_search_preview'}]}                                       | 0 | 0 |"
            + " 3",
        "{'tools':[{'type':'web_search_20250305','name':'web_search','max_uses':7}]}     | 0 | 0 |"
            + " 7",
        "{'tools':[{'type':'file_search'},{'type':'code_interpreter'}],'max_tool_calls':2} | 0 | 0"
            + " | 2",
        "{'tools':[{'google_maps':{}},{'file_search':{}},{'google_search_retrieval':{}}]} | 0 | 0 |"
            + " 9",
        "{'tools':[{'type':'collections_search'}]}                                       | 0 | 0 |"
            + " 3",
        "{'input':[{'content':[{'type':'input_file','f\\u0069le_id':'f1'}]}]}          | 0 | 1 |"
            + " 0",
        "{'tools':[{'googleSearch':{}}]}                                                 | 0 | 0 |"
            + " 3",
        "{'tools':[{'enterpriseWebSearch':{}},{'enterprise_web_search':{}}]}             | 0 | 0 |"
            + " 6",
        "{'tools':[{'type':'web_search','max_uses':999999999999}]}                       | 0 | 0 |"
            + " 20",
        "{'tools':[{'type':'web_search','max_uses':'7'}]}        | 0 | 0 | 7",
        "{'tools':[{'type':'web_search','max_uses':7.0}]}        | 0 | 0 | 7",
        "{'tools':[{'type':'web_search','max_uses':-1}]}         | 0 | 0 | 20",
        "{'tools':[{'type':'web_search','max_uses':[1,{}]}]}     | 0 | 0 | 20",
        "{'tools':[{'type':'web_search','max_uses':null}]}       | 0 | 0 | 3",
        "{'tools':[null,[{}],{'type':'web_search'}]}             | 0 | 0 | 3",
        "{'tools':{'google_search':{}}}                          | 0 | 0 | 3",
        "{'tools':[{'type':'web_search'}],'max_tool_calls':-1}   | 0 | 0 | 3",
        "{'tools':[{'type':'web_search'}],'max_tool_calls':'2'}  | 0 | 0 | 3",
        "{'web_search_options':{}}                                                       | 0 | 0 |"
            + " 3",
        "{'mcp_servers':[{'url':'https://example.com'}]}                                 | 0 | 0 |"
            + " 3",
        "{'tools':[{'type':'function','function':{'name':'web_search','x':{'type':'mcp'}}}]} | 0 |"
            + " 0 | 0",
        "{'tools':[{'name':'web_search','input_schema':{'type':'object'}}]}              | 0 | 0 |"
            + " 0",
        "{'input':[{'content':[{'type':'input_file','file_id':'f1'},{'type':'input_file','file_url':'https://e/x'}]}]}"
            + " | 0 | 2 | 0",
        "{'contents':[{'parts':[{'fileData':{'fileUri':'gs://x','mimeType':'video/mp4'}}]}]} | 0 |"
            + " 1 | 0",
        "{'messages':[{'content':[{'type':'document','source':{'type':'url','url':'https://e/x.pdf'}}]}]}"
            + " | 0 | 1 | 0",
        "{'messages':[{'content':[{'type':'document','source':{'type':'base64','data':'JVBERi0='}}]}]}"
            + " | 0 | 0 | 0",
        "{'messages':[{'content':'what is a \\'file_id\\' in a \\'document\\'?'}]}        | 0 | 0 |"
            + " 0",
      })
  void request_namesWhatItDoesNotCarry(String body, int conversations, int files, int uses) {
    assertThat(of(body)).isEqualTo(new Elsewhere(conversations, files, uses));
  }

  @Test
  void maxToolCalls_whereTheEndpointDoesNotKnowIt_capsNothing() {
    byte[] body =
        "{\"search_parameters\":{},\"max_tool_calls\":0}".getBytes(StandardCharsets.UTF_8);
    assertThat(Elsewhere.of(RequestBody.parse(body), false).uses()).isEqualTo(3);
    assertThat(Elsewhere.of(RequestBody.parse(body), true).uses()).isZero();
  }
}

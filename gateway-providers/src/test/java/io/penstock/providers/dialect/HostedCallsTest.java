package io.penstock.providers.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Searches that only the output items of a response show. */
class HostedCallsTest {
  private static final String RESPONSE =
      "{'id':'resp_1','object':'response','status':'completed','model':'gpt-5','output':["
          + "{'id':'ws_1','type':'web_search_call','status':'completed',"
          + "'action':{'sources':[{'type':'url'}],'query':'a','type':'search'}},"
          + "{'id':'ws_2','type':'web_search_call','status':'completed',"
          + "'action':{'type':'open_page','url':'u'}},"
          + "{'id':'ws_3','action':{'type':'search'},'status':'failed','type':'web_search_call'},"
          + "{'id':'ws_4','type':'web_search_call','status':'completed'},"
          + "{'id':'fs_1','type':'file_search_call','status':'completed','queries':['a']},"
          + "{'id':'fs_2','type':'file_search_call','status':'completed','queries':['b']},"
          + "{'id':'fs_3','type':'file_search_call','status':'completed','queries':['c']},"
          + "{'id':'msg_1','type':'message','status':'completed','content':[]}],"
          + "'usage':{'input_tokens':100,'output_tokens':10";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "`` | `` | 2 | 3",
        "`` | ,'tool_usage':{'image_gen':{}} | 2 | 3",
        "`` | ,'tool_usage':{'web_search':{'num_requests':5}} | 5 | 3",
        "`` | ,'tool_usage':{'web_search':{'num_requests':0},'file_search':{'num_requests':1}}"
            + " | 0 | 1",
        ",'server_side_tool_usage_details':{'web_search_calls':4} | `` | 4 | 0",
      })
  void searches_countedWhereToolUsageLacksThem(String usage, String more, long web, long files) {
    String answer = (RESPONSE + usage + "}" + more + "}").replace('\'', '"');

    Usage whole =
        Wire.call(Dialect.OPENAI, Endpoint.RESPONSES, "{}").unary(answer).summary().usage();
    Usage streamed =
        Objects.requireNonNull(
                Wire.call(Dialect.OPENAI, Endpoint.RESPONSES, "{\"stream\":true}")
                    .streamed(
                        "data: {\"type\":\"response.completed\",\"response\":" + answer + "}\n\n")
                    .settled())
            .usage();

    assertThat(whole.of(Meter.WEB_SEARCH)).isEqualTo(web);
    assertThat(whole.of(Meter.FILE_SEARCH)).isEqualTo(files);
    assertThat(streamed).isEqualTo(whole);
  }
}

package io.penstock.core.body;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LongTextsTest {
  private static final ObjectMapper MAPPER = new ObjectMapper(RequestJson.FACTORY.copy());
  private static final int LONG = 200_000;

  private static byte[] body(String text) {
    return ("{\"a\":[1,\"" + text + "\"],\"b\":\"" + text + "\",\"c\":\"end\"}")
        .getBytes(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x",
        "line\\n\\ttab \\\"quoted\\\" \\\\ \\/ \\b\\f\\r",
        "\\u00e9\\u4e2d",
        "é中😀",
        "ends with \\\\"
      })
  void tree_isTheSameAsTheParsersOwn(String piece) throws Exception {
    byte[] json = body(piece.repeat(LONG / piece.length()));
    assertThat((JsonNode) MAPPER.readTree(LongTexts.over(MAPPER.getFactory(), json)))
        .isEqualTo(MAPPER.readTree(json));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\\x", "\u0001"})
  void whatTheParserRefuses_isRefused(String wrong) {
    byte[] json = body("x".repeat(LONG) + wrong);
    assertThatThrownBy(() -> MAPPER.readTree(LongTexts.over(MAPPER.getFactory(), json)))
        .isInstanceOf(JsonProcessingException.class);
    assertThatThrownBy(() -> RequestBody.parse(json)).hasMessageContaining("not valid JSON");
  }

  @Test
  void asciiText_takesItsLengthOnce() throws Exception {
    byte[] json = body("x".repeat(1 << 20));
    MAPPER.readTree(LongTexts.over(MAPPER.getFactory(), json));
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    MAPPER.readTree(LongTexts.over(MAPPER.getFactory(), json));
    assertThat(threads.getCurrentThreadAllocatedBytes() - before)
        .isBetween(2L << 20, (2L << 20) + 100_000);
    before = threads.getCurrentThreadAllocatedBytes();
    RequestBody.parse(json);
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(100_000);
  }

  @Test
  void leftOut_givesShortTextsOnly() throws Exception {
    byte[] json = body("x".repeat(LONG));
    assertThat((JsonNode) MAPPER.readTree(LongTexts.leftOut(MAPPER.getFactory(), json)))
        .hasToString("{\"a\":[1,\"\"],\"b\":\"\",\"c\":\"end\"}");
  }

  @Test
  void beginnings_tellWhatIsCut() throws Exception {
    byte[] json = ("[\"" + "x".repeat(LONG) + "\"]").getBytes(StandardCharsets.UTF_8);
    try (LongTexts parser = LongTexts.beginnings(MAPPER.getFactory(), json, 50_000)) {
      parser.nextToken();
      parser.nextToken();
      assertThat(parser.getText()).isEqualTo("x".repeat(50_000));
      assertThat(parser.cut()).isEqualTo(LONG - 50_000);
    }
  }
}

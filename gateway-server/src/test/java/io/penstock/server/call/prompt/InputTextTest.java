package io.penstock.server.call.prompt;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InputTextTest {
  private static final String MEDIA = Base64.getEncoder().encodeToString(new byte[30_000]);

  private static InputText of(String json) {
    return InputText.of(json.getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "abc | 3",
        "\\u0041\\n\\\"\\\\ | 4",
        "\\u00e9 | 2",
        "\\u4eba\\u5DE5 | 6",
        "\\ud83d\\ude00 | 4",
        "人工 | 6",
      })
  void escapes_countAsWhatTheyAre(String text, long bytes) {
    assertThat(of("{\"content\" : \"" + text + "\"}").values()).isEqualTo(bytes);
  }

  @Test
  void names_areNoValues_andTheLongestValueIsKnown() {
    InputText text = of("{\"a\":[\"bb\",\"cccc\",1,{\"ddd\":\"e\"}],\"ff\" : null}");
    assertThat(text).isEqualTo(new InputText(45, 7, 4));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "MEDIA",
        "data:application/pdf;base64,MEDIA",
        "DATA:image/PNG;Base64,MEDIA",
        "data:audio/wav;codecs=\\\"1\\\";base64,MEDIA",
        "MEDIA\\nMEDIA\\r\\n",
        "\\/\\/MEDIA",
      })
  void media_isNoText(String data) {
    InputText text = of("{\"data\":\"" + data.replace("MEDIA", MEDIA) + "\"}");
    assertThat(text).isEqualTo(new InputText(9, 0, 0));
  }

  @Test
  void wordsAndTextThatMentionsMedia_areText() {
    String words = "word ".repeat(1_000);
    assertThat(of("[\"" + words + "\"]").values()).isEqualTo(5_000);
    assertThat(of("[\"about data:image/png;base64," + words + "\"]").values()).isEqualTo(5_028);
    assertThat(of("[\"" + "a".repeat(511) + "\"]").values()).isEqualTo(511);
  }
}

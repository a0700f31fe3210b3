package io.penstock.server.call.reply;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Values that come from what clients send. */
class ResponseHeadersTest {
  @Test
  void listed_few_areAllThere() {
    assertThat(ResponseHeaders.listed(List.of("seed", "messages.0.name", "m\u00e9")))
        .isEqualTo("seed,messages.0.name,m?");
  }

  @Test
  void listed_hundreds_areCutAndCounted() {
    List<String> names = IntStream.range(0, 500).mapToObj(i -> "messages." + i + ".name").toList();

    String value = ResponseHeaders.listed(names);

    assertThat(value).hasSizeLessThan(1100).startsWith("messages.0.name,messages.1.name,");
    int shown = value.split(",", -1).length - 1;
    assertThat(value).endsWith("." + (shown - 1) + ".name,+" + (500 - shown));
  }

  @Test
  void listed_oneTooLong_isOnlyCounted() {
    assertThat(ResponseHeaders.listed(List.of("x".repeat(2000)))).isEqualTo("+1");
  }
}

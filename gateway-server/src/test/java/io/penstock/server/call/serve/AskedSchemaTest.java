package io.penstock.server.call.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Endpoint;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code response.json} makes of the schema that a client asked for. */
class AskedSchemaTest {
  private static @Nullable AskedSchema asked(Endpoint endpoint, String body) {
    return AskedSchema.of(endpoint, body.getBytes(StandardCharsets.UTF_8));
  }

  private static boolean fits(String schema, String value) {
    return Objects.requireNonNull(
            asked(Endpoint.RESPONSES, "{\"text\":{\"format\":{\"schema\":" + schema + "}}}"))
        .fits(value);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{\"type\":\"object\",\"required\":[\"a\"]} | {\"a\":null} | {}",
        "{\"type\":\"OBJECT\",\"properties\":{\"a\":{\"type\":\"STRING\",\"nullable\":true}}} |"
            + " {\"a\":null} | {\"a\":1}",
        "{\"properties\":{\"a\":{}},\"additionalProperties\":false} | {\"a\":1} | {\"b\":1}",
        "{\"additionalProperties\":{\"type\":\"number\"}} | {\"b\":1.5} | {\"b\":\"1\"}",
        "{\"type\":\"array\",\"items\":{\"type\":\"integer\"},\"minItems\":1} | [1,2.0] | []",
        "{\"type\":\"array\",\"items\":{\"type\":\"integer\"}} | [] | [1.5]",
        "{\"type\":[\"string\",\"null\"]} | null | 1",
        "{\"enum\":[\"x\",\"y\"]} | \"y\" | \"z\"",
        "{\"anyOf\":[{\"type\":\"string\"},{\"const\":3}]} | 3 | 4",
        "{\"allOf\":[{\"minimum\":2},{\"maximum\":3}]} | 2 | 1",
        "{\"type\":\"string\",\"maxLength\":2} | \"ab\" | \"abc\"",
        "{\"$ref\":\"#/$defs/t\",\"$defs\":{\"t\":{\"properties\":{\"k\":{\"$ref\":\"#/$defs/t\"}},\"required\":[\"n\"]}}}"
            + " | {\"n\":1,\"k\":{\"n\":2}} | {\"n\":1,\"k\":{}}",
        "{\"$ref\":\"#\"} | 1 | not JSON",
        "{\"$ref\":\"#item\",\"type\":\"object\"} | {} | 1",
        "{\"type\":\"string\",\"pattern\":\"^x\"} | \"y\" | 1",
      })
  void fits_judgesByTypesChoicesAndBounds(String schema, String fit, String unfit) {
    assertThat(fits(schema, fit)).isTrue();
    assertThat(fits(schema, unfit)).isFalse();
  }

  @Test
  void of_isFoundInEachDialect_andNullWhereNoneIs() {
    String schema = "{\"type\":\"object\"}";
    assertThat(
            asked(
                Endpoint.CHAT,
                "{\"response_format\":{\"json_schema\":{\"schema\":" + schema + "}}}"))
        .isNotNull();
    assertThat(
            asked(
                Endpoint.MESSAGES, "{\"output_config\":{\"format\":{\"schema\":" + schema + "}}}"))
        .isNotNull();
    assertThat(
            asked(Endpoint.GENERATE, "{\"generationConfig\":{\"responseSchema\":" + schema + "}}"))
        .isNotNull();
    assertThat(asked(Endpoint.CHAT, "{\"response_format\":{\"type\":\"json_object\"}}")).isNull();
  }
}

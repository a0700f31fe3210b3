package io.penstock.core.body;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;
import java.io.IOException;
import java.nio.charset.Charset;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestBodyTest {
  private static final String FORM_TYPE = "multipart/form-data; boundary=\"x1\"";
  private static final String FORM =
      crlf(
          "--x1",
          "Content-Disposition: form-data; name=\"model\"",
          "",
          "whisper-1",
          "--x1",
          "content-disposition: form-data; name=stream",
          "",
          "true",
          "--x1",
          "Content-Disposition: form-data; name=\"file\"; filename=\"a.wav\"",
          "Content-Type: audio/wav",
          "",
          "\u0000",
          "--x",
          "1",
          "--x1--",
          "");

  private static String crlf(String... lines) {
    return String.join("\r\n", lines);
  }

  private static RequestBody json(String text) {
    return RequestBody.parse(text.getBytes(UTF_8));
  }

  private static RequestBody form() {
    return RequestBody.parseForm(FORM.getBytes(UTF_8), FORM_TYPE);
  }

  @Test
  void parse_fields_givesSpansOfEachValue() {
    RequestBody body =
        json("{ \"model\" : \"gpt\\u002d4\" ,\"n\": 12,\"é\":{\"a\":[1,\"}\"]},\"s\":true}");

    assertThat(body.fieldCount()).isEqualTo(4);
    assertThat(body.text("model")).isEqualTo("gpt-4");
    assertThat(body.raw(0)).isEqualTo("\"gpt\\u002d4\"");
    assertThat(body.count("n", -1)).isEqualTo(12);
    assertThat(body.raw(1)).isEqualTo("12");
    assertThat(body.raw(2)).isEqualTo("{\"a\":[1,\"}\"]}");
    assertThat(body.flag("s", false)).isTrue();
    assertThat(body.name(2)).isEqualTo("é");
  }

  static List<String> brokenForms() {
    String model = crlf("--x1", "Content-Disposition: form-data; name=model", "", "v", "");
    return List.of(
        "",
        "--x1",
        crlf("--x1", ""),
        crlf("--x1", "", "", "--x1--"),
        model,
        model + model + "--x1--");
  }

  @ParameterizedTest
  @MethodSource("brokenForms")
  void parseForm_broken_is400(String text) {
    assertThatThrownBy(() -> RequestBody.parseForm(text.getBytes(UTF_8), FORM_TYPE))
        .isInstanceOf(GatewayException.class);
  }

  @Test
  void parse_tooDeep_is400() {
    assertThatThrownBy(() -> json("{\"a\":" + "[".repeat(300) + "]".repeat(300) + "}"))
        .isInstanceOf(GatewayException.class)
        .hasMessageContaining("256");
  }

  @ParameterizedTest
  @ValueSource(strings = {"%s", "-%s", "0.%s", "{\"b\":[%s]}"})
  void parse_numberOfManyDigits_is400_ofFewerIsReadAgain(String number) {
    String field = "{\"a\":" + number + "}";
    RequestBody taken = json(field.formatted("7".repeat(RequestJson.MAX_DIGITS - 1)));

    assertThat(taken.tree(0).toString()).contains("7");
    assertThatThrownBy(() -> json(field.formatted("7".repeat(RequestJson.MAX_DIGITS + 1))))
        .isInstanceOf(GatewayException.class)
        .hasMessageContaining("1000 digits");
  }

  @Test
  void parserAndTree_areOfOneField() throws IOException {
    RequestBody body = json("{\"a\":1,\"b\":{\"c\":[true,2]},\"d\":3}");

    assertThat(body.tree(1).toString()).isEqualTo("{\"c\":[true,2]}");
    try (JsonParser parser = body.parser(1)) {
      assertThat(parser.nextToken()).isEqualTo(JsonToken.START_OBJECT);
      parser.skipChildren();
      assertThat(parser.nextToken()).isNull();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"c\":{\"a\":1,\"b\":2,\"a\":3}}",
        "{\"c\":{\"a\":1,\"\\u0061\":3}}",
        "{\"c\":[1,{\"b\":[{\"b\":1}],\"a\":{\"a\":{}},\"a\":2}]}"
      })
  void parse_nameTwiceBelow_is400(String text) {
    assertThatThrownBy(() -> json(text))
        .isInstanceOfSatisfying(
            GatewayException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.INVALID_JSON);
              assertThat(e.param()).isEqualTo("a");
            });
  }

  @Test
  void parse_sameNameInDifferentObjects_isTaken() {
    assertThat(json("{\"a\":{\"a\":[{\"a\":1},{\"a\":{\"a\":2}}]},\"b\":{\"a\":{}}}").fieldCount())
        .isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 23, 24, 25, 26, 200})
  void parse_manyNames_lastTwice_is400(int names) {
    StringBuilder object = new StringBuilder("{");
    for (int i = 0; i < names; i++) {
      object.append("\"k").append(i).append("\":{\"k0\":[{\"k1\":1}]},");
    }
    String whole = "{\"x\":[" + "[".repeat(20) + "]".repeat(20) + ",%s\"z\":1}]}";

    assertThat(json(whole.formatted(object)).fieldCount()).isEqualTo(1);
    for (String again : new String[] {"k0", "k" + (names - 1)}) {
      assertThatThrownBy(() -> json(whole.formatted(object + "\"" + again + "\":1,")))
          .hasMessageContaining("\"" + again + "\" twice");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"100", "1e2", "1E+2", "100.0", "0.1e3", "1000e-1"})
  void count_wholeNumber_inAnySpelling(String number) {
    assertThat(json("{\"n\":" + number + "}").count("n", -1)).isEqualTo(100);
  }

  @ParameterizedTest
  @ValueSource(strings = {"99999999999999999999", "1e20", "1e30", "100000000000000000000.0"})
  void count_moreThanAnybodyMeans_inAnySpelling(String number) {
    assertThat(json("{\"n\":" + number + "}").count("n", -1)).isEqualTo(WholeNumber.MOST);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.5", "1e-2", "-1e2", "-1", "\"100\"", "1e99999999999", "true"})
  void count_otherThanWhole_is400ThatNamesIt(String value) {
    assertThatThrownBy(() -> json("{\"n\":" + value + "}").count("n", -1))
        .isInstanceOf(GatewayException.class)
        .hasMessageContaining("\"n\" must be a whole number");
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32", "UTF-32LE", "UTF-32BE"})
  void parse_otherEncoding_is400(String charset) {
    for (String text : new String[] {"{}", "{\"model\":\"gpt\",\"n\":1}", " {\"a\":\"\u00e9\"}"}) {
      assertThatThrownBy(() -> RequestBody.parse(text.getBytes(Charset.forName(charset))))
          .isInstanceOfSatisfying(
              GatewayException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_JSON));
    }
  }

  @Test
  void parse_byteOrderMarkOfUtf8_isPassedOn() {
    RequestBody body = json("\ufeff{\"n\":12}");

    assertThat(body.count("n", -1)).isEqualTo(12);
    assertThat(new BodyPatch(body).set("n", "3").apply()).asString().isEqualTo("\ufeff{\"n\":3}");
  }

  @Test
  void patch_setReplaceAddRemove_changesOnlyThose() {
    RequestBody body = json("{ \"a\" : 1 , \"model\":\"x\", \"z\":[ 1 ] }");

    byte[] bytes =
        new BodyPatch(body)
            .setText("model", "y\"")
            .set("new", "1")
            .set("new", "2")
            .remove("a")
            .setDefault("z", "9")
            .apply();

    assertThat(new String(bytes, UTF_8)).isEqualTo("{ \"model\":\"y\\\"\",\"z\":[ 1 ],\"new\":2 }");
  }

  @Test
  void patch_setTwice_lastCounts() {
    byte[] bytes = new BodyPatch(json("{\"a\":1}")).set("a", "22").set("a", "3").apply();

    assertThat(new String(bytes, UTF_8)).isEqualTo("{\"a\":3}");
  }

  @Test
  void patch_removeAllAndAdd_isStillAnObject() {
    byte[] bytes =
        new BodyPatch(json(" {\"a\":1,\"b\":2} ")).remove("a").remove("b").set("c", "3").apply();

    assertThat(new String(bytes, UTF_8)).isEqualTo(" {\"c\":3} ");
    assertThat(new BodyPatch(json("{ }")).set("c", "3").apply()).asString().isEqualTo("{ \"c\":3}");
  }

  @Test
  void parseForm_parts_readAsFields() {
    RequestBody body = form();

    assertThat(body.text("model")).isEqualTo("whisper-1");
    assertThat(body.flag("stream", false)).isTrue();
    assertThat(body.token(2)).isEqualTo(JsonToken.VALUE_EMBEDDED_OBJECT);
    assertThat(body.raw(2)).isEqualTo("\u0000\r\n--x\r\n1");
    assertThatThrownBy(() -> body.text("file")).hasMessageContaining("not a file");
  }

  @Test
  void patchForm_modelReplacedPartAddedPartRemoved_restUntouched() {
    byte[] bytes =
        new BodyPatch(form())
            .setText("model", "w-2")
            .setText("prompt", "hi")
            .remove("stream")
            .apply();

    assertThat(new String(bytes, UTF_8))
        .isEqualTo(
            crlf(
                "--x1",
                "Content-Disposition: form-data; name=\"model\"",
                "",
                "w-2",
                "--x1",
                "Content-Disposition: form-data; name=\"file\"; filename=\"a.wav\"",
                "Content-Type: audio/wav",
                "",
                "\u0000",
                "--x",
                "1",
                "--x1",
                "Content-Disposition: form-data; name=\"prompt\"",
                "",
                "hi",
                "--x1--",
                ""));
    assertThat(RequestBody.parseForm(bytes, FORM_TYPE).text("prompt")).isEqualTo("hi");
  }

  @Test
  void parse_mutatedBytes_raisesOnlyGatewayErrorsAndPatchStillParses() throws Exception {
    Random random = new Random(42);
    ObjectMapper mapper = new ObjectMapper();
    byte[] seed =
        "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":\"h\\u00e9 \\\"q\\\" é\"}],\"max_tokens\":10,\"stream\":true,\"x\":null}"
            .getBytes(UTF_8);
    int parsed = 0;
    for (int round = 0; round < 20_000; round++) {
      byte[] bytes = seed.clone();
      for (int i = random.nextInt(3); i >= 0; i--) {
        bytes[random.nextInt(bytes.length)] =
            (byte)
                (random.nextBoolean()
                    ? random.nextInt(256)
                    : "{}[]\",:\\ 1tn".charAt(random.nextInt(12)));
      }
      try {
        RequestBody body = RequestBody.parse(bytes);
        byte[] patched =
            new BodyPatch(body).setText("model", "m").set("max_tokens", "7").remove("x").apply();
        assertThat(mapper.readTree(patched).path("model").asText()).isEqualTo("m");
        assertThat(RequestBody.parse(patched).count("max_tokens", 0)).isEqualTo(7);
        parsed++;
      } catch (GatewayException e) {
        assertThat(e.code().status()).isEqualTo(400);
      }
    }
    assertThat(parsed).isGreaterThan(1000);
  }

  @Test
  void parseForm_mutatedBytes_raisesOnlyGatewayErrors() {
    Random random = new Random(7);
    for (int round = 0; round < 5_000; round++) {
      byte[] bytes = FORM.getBytes(UTF_8);
      for (int i = random.nextInt(4); i >= 0; i--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      try {
        RequestBody body = RequestBody.parseForm(bytes, FORM_TYPE);
        new BodyPatch(body).setText("model", "m").set("n", "7").apply();
      } catch (GatewayException e) {
        assertThat(e.code().status()).isEqualTo(400);
      }
    }
  }
}

package io.penstock.server.call.prompt;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.penstock.server.call.InputEstimate;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PicturesTest {
  private static final String PNG = encoded("\u0089PNG\r\n\u001a\n");
  private static final String WEBP = encoded("RIFF\0\0\1\0WEBPVP8 ");
  private static final String WAV = encoded("RIFF\0\0\1\0WAVEfmt ");

  /** A file of a megabyte that begins so. */
  private static String encoded(String beginning) {
    byte[] file = new byte[1 << 20];
    byte[] first = beginning.getBytes(StandardCharsets.ISO_8859_1);
    System.arraycopy(first, 0, file, 0, first.length);
    return Base64.getEncoder().encodeToString(file);
  }

  private static Pictures of(String part) {
    return Pictures.of(body(part));
  }

  private static byte[] body(String part) {
    return ("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[" + part + "]}]}")
        .getBytes(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,PNG\"}}",
        "{\"type\":\"input_image\",\"image_url\":\"data:image/png;base64,PNG\"}",
        "{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"PNG\"}}",
        "{\"inlineData\":{\"data\":\"PNG\",\"mimeType\":\"image/png\"}}",
        "{\"inline_data\":{\"mime_type\":\"image/webp\",\"data\":\"WEBP\"}}"
      })
  void carriedInTheBody_countsOnceAndItsBytesAreKnown(String part) {
    Pictures pictures = of(part.replace("WEBP", WEBP).replace("PNG", PNG));
    assertThat(pictures.count()).isEqualTo(1);
    assertThat(pictures.bytes()).isBetween((long) PNG.length(), PNG.length() + 30L);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"image_url\":{\"url\":\"data:image/png;base64,PNG\"},\"type\":\"image_url\"}",
        "{\"type\":\"im\\u0061ge_url\",\"im\\u0061ge_url\":{\"url\":\"data:im\\u0061ge\\/png;base64,PNG\"}}",
        "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image\\/png;name=a;base64,PNG\"}}",
        "{\"type\":\"image_url\",\"image_url\":{\"url\":\"DATA:Image/Jpeg;charset=utf-8;Base64,PNG\"}}",
        "{\"type\":\"tool_result\",\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"data\":\"PNG\"}}]}",
        "{\"functionResponse\":{\"parts\":[{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"PNG\"}}]}}"
      })
  void writtenInAnotherOrder_orWithEscapes_isOneTheSame(String part) {
    Pictures pictures = of(part.replace("PNG", PNG));
    assertThat(pictures.count()).isEqualTo(1);
    if (!part.contains("data:im\\u0061ge")) {
      assertThat(pictures.bytes()).isGreaterThanOrEqualTo(PNG.length());
    }
  }

  @Test
  void everyLetterEscaped_isFound_whereverItStands() {
    for (int pad = 0; pad < 10; pad++) {
      String type = "x".repeat(pad) + "\",\"type\":\"\\u0069m\\u0061g\\u0065\"}";
      assertThat(of("{\"text\":\"" + type)).isEqualTo(new Pictures(1, 0));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"tool_use\",\"input\":{\"url\":\"data:image/png;base64,PNG\"}}",
        "{\"type\":\"tool_use\",\"input\":{\"image_url\":\"data:image/png;base64,PNG\"}}",
        "{\"type\":\"text\",\"image_url\":{\"url\":\"data:image/png;base64,PNG\"}}",
        "{\"functionResponse\":{\"response\":{\"data\":\"PNG\"}}}",
        "{\"type\":\"text\",\"source\":{\"data\":\"PNG\"}}"
      })
  void textWhereNoImageCanStand_staysBytes(String part) {
    assertThat(of(part.replace("PNG", PNG)).bytes()).isZero();
  }

  @Test
  void schemaOfATool_staysBytes() {
    String schema =
        "{\"model\":\"m\",\"tools\":[{\"type\":\"image\",\"parameters\":{\"image_url\":{\"url\":\"data:image/png;base64,"
            + PNG
            + "\"}}}],\"messages\":[]}";
    assertThat(Pictures.of(schema.getBytes(StandardCharsets.UTF_8)).bytes()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "data:image/png;base64,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg and then words",
        "data:image/png,iVBORw0KGgoAAAANSUhEUgAA",
        "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3",
        "data:image/png;base64,iVBO",
        "data:image/png;base64",
        ""
      })
  void noImageInside_isHeldAsTextAndAsAnImage(String url) {
    assertThat(of("{\"type\":\"image_url\",\"image_url\":{\"url\":\"" + url + "\"}}"))
        .isEqualTo(new Pictures(1, 0));
  }

  /** The reading of a string as text takes five times its length. */
  @Test
  void largeImage_isReadInPlace() {
    byte[] body =
        body(
            "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,"
                + PNG
                + "\"}}");
    Pictures.of(body);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    assertThat(Pictures.of(body).count()).isEqualTo(1);
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(100_000);
  }

  @Test
  void namedByAddress_countsAsMuch() {
    Pictures pictures =
        of("{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://example.com/a.png\"}}");
    assertThat(pictures).isEqualTo(new Pictures(1, 0));
  }

  @Test
  void otherFiles_andTextThatLooksLikeOne_stayBytes() {
    assertThat(of("{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"" + WAV + "\"}}"))
        .isEqualTo(new Pictures(0, 0));
    assertThat(
            of(
                "{\"type\":\"text\",\"text\":\"data:image/png;base64,"
                    + PNG
                    + "\"}, {\"type\":\"text\",\"text\":\"an image\"}"))
        .isEqualTo(new Pictures(0, 0));
  }

  @Test
  void notJson_isNoPicture() {
    assertThat(Pictures.of("name=\"image\"\r\n".getBytes(StandardCharsets.UTF_8)))
        .isEqualTo(new Pictures(0, 0));
  }

  @Test
  void upperBound_ofAPicture_isItsModelsDearest_notItsBytes() {
    byte[] body =
        body(
            "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,"
                + PNG
                + "\"}}");
    Pictures pictures = Pictures.of(body);
    long text = body.length - pictures.bytes() + 64;
    assertThat(InputEstimate.upperBound(body.length, pictures, "gpt-4o")).isEqualTo(text + 1_445);
    assertThat(InputEstimate.upperBound(body.length, pictures, "gpt-4o-mini-2024-07-18"))
        .isEqualTo(text + 48_169);
    assertThat(InputEstimate.upperBound(body.length, pictures, "anthropic.claude-sonnet-4-5"))
        .isEqualTo(text + 4_784);
    assertThat(InputEstimate.upperBound(body.length, pictures, "gpt-5.4")).isEqualTo(text + 24_600);
    assertThat(InputEstimate.upperBound(body.length, pictures, "nobody-knows"))
        .isEqualTo(text + 48_169);
  }

  @Test
  void upperBound_withoutPictures_isTheBytes() {
    byte[] body = body("{\"type\":\"text\",\"text\":\"hello\"}");
    assertThat(InputEstimate.upperBound(body.length, Pictures.of(body), "gpt-4o"))
        .isEqualTo(body.length + 64);
  }
}

package io.penstock.server.call.prompt;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.Test;

class PapersTest {
  private static String pdf(int bytes) {
    byte[] file = new byte[bytes];
    byte[] head = "%PDF-1.7".getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(head, 0, file, 0, head.length);
    return Base64.getEncoder().encodeToString(file);
  }

  private static long pages(String body) {
    return Papers.pages(body.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void pages_byBytes_eachDocumentForItself() {
    assertThat(pages("{\"a\":\"" + pdf(30) + "\"}")).isEqualTo(1);
    assertThat(
            pages(
                "{\"a\":\"data:application/pdf;base64,%s\",\"b\":[\"%s\"]}"
                    .formatted(pdf(1_920), pdf(3_840))))
        .isEqualTo(11 + 21);
    assertThat(pages("\"" + pdf(3_000_000) + "\"")).isEqualTo(1_000);
  }

  @Test
  void pages_ofNoDocument_areNone() {
    assertThat(pages("")).isZero();
    assertThat(pages("{\"text\":\"JVBERi, JVBER and JVBERi1\"}")).isZero();
    assertThat(pages("JVBERi0")).isEqualTo(1);
  }
}

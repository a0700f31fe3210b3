package io.penstock.server.call.idempotency;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.server.call.idempotency.Idempotency.Stored;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What lies in Redis for an idempotency key. */
final class AnswerSealTest {
  private static final String KEY = "k-test\nengineering\nada\n8e03978e";

  private final AnswerSeal seal = new AnswerSeal("ns", "");

  private static Stored answer(int bytes) {
    HttpHeaders headers = new DefaultHttpHeaders().add("content-type", "text/plain");
    headers.add("x-twice", "1").add("x-twice", "2");
    byte[] body = new byte[bytes];
    Arrays.fill(body, (byte) 'a');
    return new Stored("digest", 201, headers, body);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4 << 20})
  void answer_opensAsItWas(int bytes) throws GeneralSecurityException {
    Stored made = answer(bytes);

    AnswerSeal.Opened opened = seal.open(KEY, seal.answer(KEY, made));

    assertThat(opened.body()).isEqualTo("digest");
    assertThat(opened.answer()).isNotNull();
    assertThat(opened.answer().body()).isEqualTo("digest");
    assertThat(opened.answer().status()).isEqualTo(201);
    assertThat(opened.answer().headers()).isEqualTo(made.headers());
    assertThat(opened.answer().bytes()).isEqualTo(made.bytes());
  }

  @Test
  void stream_takesAFractionOfItsRoom() {
    StringBuilder events = new StringBuilder();
    for (int i = 0; i < 1_000; i++) {
      events
          .append("data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"choices\":")
          .append("[{\"index\":0,\"delta\":{\"content\":\"word" + i * 7919 % 1000 + "\"}}]}\n\n");
    }
    byte[] sent = events.toString().getBytes(StandardCharsets.UTF_8);

    byte[] sealed = seal.answer(KEY, new Stored("digest", 200, new DefaultHttpHeaders(), sent));

    assertThat(sealed.length).isLessThan(sent.length / 8);
  }

  @Test
  void claim_opensWithoutAnAnswer_andIsNeverTheSameTwice() throws GeneralSecurityException {
    byte[] one = seal.claim(KEY, "digest");

    assertThat(seal.open(KEY, one)).isEqualTo(new AnswerSeal.Opened("digest", null));
    assertThat(seal.claim(KEY, "digest")).isNotEqualTo(one);
  }

  @Test
  void nameAndContent_tellNothing() {
    String name = new String(seal.name(KEY), StandardCharsets.UTF_8);
    String content = new String(seal.answer(KEY, answer(100)), StandardCharsets.ISO_8859_1);

    assertThat(name).startsWith("ns:idempotency2:").doesNotContain("8e03978e", "ada");
    assertThat(content).doesNotContain("aaaa", "digest", "text/plain", "8e03978e");
    assertThat(seal.name(KEY + "0")).isNotEqualTo(seal.name(KEY));
  }

  @Test
  void foreignOrDamaged_doesNotOpen() {
    byte[] sealed = seal.answer(KEY, answer(100));
    byte[] damaged = sealed.clone();
    damaged[50] ^= 1;

    refused(seal, KEY + "0", sealed);
    refused(seal, KEY, damaged);
    refused(seal, KEY, Arrays.copyOf(sealed, 40));
    refused(seal, KEY, new byte[0]);
    refused(new AnswerSeal("ns", "another secret"), KEY, sealed);
    refused(new AnswerSeal("another", ""), KEY, sealed);
  }

  private static void refused(AnswerSeal by, String key, byte[] sealed) {
    assertThatThrownBy(() -> by.open(key, sealed)).isInstanceOf(GeneralSecurityException.class);
  }
}

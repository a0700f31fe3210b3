package io.penstock.providers.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.body.BodyMemory;
import io.penstock.providers.ClippedText;
import io.penstock.providers.TextRoom;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class RelayedTextTest {
  private static final byte[] PIECE =
      "Some \\\"words\\\" of a long answer, caf\\u00e9 and \u20ac. "
          .getBytes(StandardCharsets.UTF_8);

  private final BodyMemory memory = new BodyMemory(8L * 1024 * 1024);

  private static void add(RelayedText text, int bytes) {
    for (int added = 0; added < bytes; added += PIECE.length) {
      text.add(PIECE, 0, PIECE.length);
    }
  }

  @Test
  void add_tenMegabytes_keepsAFewKibAndKnowsTheLength() {
    RelayedText text = new RelayedText(memory);
    add(text, 10_000_000);
    assertThat(text.retained()).isEqualTo(TextRoom.MOST);
    assertThat(memory.held()).isEqualTo(TextRoom.MOST - TextRoom.FREE);
    assertThat(text.length()).isBetween(10_000_000L, 10_000_000L + PIECE.length);
    assertThat(ClippedText.tokens(text.text(), 4_000))
        .isEqualTo((long) Math.ceil(4_000.0 / TextRoom.MOST * text.length()));
    text.close();
    assertThat(memory.held()).isZero();
  }

  @Test
  void add_whereThereIsNoMemory_keepsWhatIsFree() {
    RelayedText text = new RelayedText(new BodyMemory(1024));
    add(text, 100_000);
    assertThat(text.retained()).isEqualTo(TextRoom.FREE);
    assertThat(text.text()).isInstanceOf(ClippedText.class);
  }

  @Test
  void add_shortText_isKeptWithoutAsking() {
    RelayedText text = new RelayedText(new BodyMemory(0));
    text.add(PIECE, 0, PIECE.length);
    assertThat(text.retained()).isEqualTo(1024);
    assertThat(text.text()).isEqualTo("Some \"words\" of a long answer, caf\u00e9 and \u20ac. ");
  }

  @Test
  void keepWhole_isAllThere() {
    RelayedText text = new RelayedText(memory);
    text.keepWhole();
    add(text, 500_000);
    assertThat(text.text().toString())
        .endsWith("caf\u00e9 and \u20ac. ")
        .isNotInstanceOf(ClippedText.class);
    assertThat(text.retained()).isLessThan(600_000);
    text.close();
    assertThat(memory.held()).isZero();
  }

  @Test
  void text_cutAnywhere_endsWithAWholeCharacter() {
    String words = "\u20ac\ud83d\ude00 \\u00e9\\\\\\n\u00e9";
    byte[] piece = words.getBytes(StandardCharsets.UTF_8);
    String clean = "\u20ac\ud83d\ude00 \u00e9\\\n\u00e9".repeat(2_000);
    for (int before = 0; before < piece.length; before++) {
      RelayedText text = new RelayedText(memory);
      text.add("x".repeat(before).getBytes(StandardCharsets.UTF_8), 0, before);
      for (int i = 0; i < 2_000; i++) {
        text.add(piece, 0, piece.length);
      }
      assertThat("x".repeat(before) + clean).startsWith(text.text());
      assertThat(text.text().length()).isGreaterThan(TextRoom.MOST / 3);
      text.close();
    }
  }
}

package io.penstock.providers.translate;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.body.BodyMemory;
import io.penstock.providers.ClippedText;
import io.penstock.providers.TextRoom;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ObservedTextTest {
  private static final String PIECE = "Some words of a long answer, caf\u00e9 and \u20ac. ";

  private final BodyMemory memory = new BodyMemory(8L * 1024 * 1024);

  private static void add(ObservedText text, int pieces) {
    for (int i = 0; i < pieces; i++) {
      text.add(PIECE);
    }
  }

  @Test
  void add_megabytes_keepsAFewKibAndKnowsTheLength() {
    ObservedText text = new ObservedText(memory);
    add(text, 200_000);
    assertThat(text.retained() * 2).isEqualTo(TextRoom.MOST);
    assertThat(text.bytes()).isEqualTo(200_000L * PIECE.getBytes(StandardCharsets.UTF_8).length);
    assertThat(ClippedText.tokens(text.text(), text.text().length()))
        .isEqualTo(200_000L * PIECE.length());
    text.close();
    assertThat(memory.held()).isZero();
  }

  @Test
  void keepWhole_isAllThere() {
    ObservedText text = new ObservedText(memory);
    text.keepWhole();
    add(text, 5_000);
    assertThat(text.text()).isEqualTo(PIECE.repeat(5_000));
    text.close();
    assertThat(memory.held()).isZero();
  }
}

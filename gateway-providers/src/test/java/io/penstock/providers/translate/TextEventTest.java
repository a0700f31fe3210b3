package io.penstock.providers.translate;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextEventTest {
  @ParameterizedTest(name = "{0} characters")
  @ValueSource(ints = {0, 1, 16 * 1024, 16 * 1024 + 1, 3_000_000})
  void text_ofAnyLength_isWhatTheTreeSays_andIsNotKept(int length) {
    TextEvent event =
        new TextEvent(Trees.object().put("n", TextEvent.NUMBER).put("text", TextEvent.HOLE));
    String plain = "a".repeat(length);
    // Astral characters, so that pieces would be cut within them, at even and odd places.
    String rich = "\n" + "\ud83d\ude00".repeat(length / 2) + "\"";

    assertThat(written(event, plain)).isEqualTo(event.tree(7, plain).toString());
    assertThat(written(event, rich)).isEqualTo(event.tree(7, rich).toString());
    assertThat(written(event, "x" + rich)).isEqualTo(event.tree(7, "x" + rich).toString());
    assertThat(event.kept()).isLessThan(64 * 1024);
  }

  /** A provider that cuts its text by UTF-16 units sends one half of an emoji in each event. */
  @ParameterizedTest
  @ValueSource(ints = {0, 16 * 1024 - 1, 16 * 1024, 3_000_000})
  void halvesOfCharacters_areEscaped(int length) {
    TextEvent event =
        new TextEvent(Trees.object().put("n", TextEvent.NUMBER).put("text", TextEvent.HOLE));
    String plain = "a".repeat(length);
    String smile = "\ud83d\ude00";

    for (String text :
        new String[] {"\ud83d", "\ude00", "\ud83d\ud83d", "\"\ud83dB" + smile + "\ude00\n"}) {
      assertThat(Trees.textOr(Trees.answer(written(event, plain + text)), "text"))
          .isEqualTo(plain + text);
    }
  }

  private static String written(TextEvent event, String text) {
    ByteBuf to = Unpooled.buffer();
    event.write(7, text, to);
    String json = to.toString(StandardCharsets.UTF_8);
    to.release();
    return json;
  }
}

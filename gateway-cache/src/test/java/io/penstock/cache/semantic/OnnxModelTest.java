package io.penstock.cache.semantic;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

final class OnnxModelTest {
  @Test
  void embed_textAskedLately_isNotComputedAgain() throws IOException {
    try (OnnxModel model = OnnxModel.miniLm()) {
      float[] first = model.embed("How do I reset my password?");
      float[] other = model.embed("How do I reset my router?");

      assertThat(model.embed("How do I reset my password?")).isSameAs(first);
      assertThat(other).isNotEqualTo(first);
      String longer = "word ".repeat(Verifier.MAX_CHARS);
      assertThat(model.embed(longer)).isNotSameAs(model.embed(longer)).hasSize(384);
    }
  }
}

package io.penstock.server.call;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.penstock.core.Dialect;
import io.penstock.providers.HeaderLookup;
import io.penstock.providers.dialect.Providers;
import org.junit.jupiter.api.Test;

/** How much of an answer that is read whole is kept. */
class WholeBodyTest {
  private static final int PIECE = 1 << 20;

  @Test
  void add_beyondTheMost_isRefused_withoutKeepingMore() {
    ByteBuf piece = Unpooled.wrappedBuffer(new byte[PIECE]);
    WholeBody body = new WholeBody(Providers.of(Dialect.OPENAI), 200, HeaderLookup.NONE);
    for (int i = 0; i < WholeBody.MAX_ANSWER_BYTES / PIECE; i++) {
      assertThat(body.add(piece)).isTrue();
    }
    assertThat(body.add(piece)).isFalse();
    body.release();
    assertThat(piece.refCnt()).isEqualTo(1);
  }
}

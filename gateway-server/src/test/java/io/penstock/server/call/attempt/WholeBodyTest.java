package io.penstock.server.call.attempt;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.internal.PlatformDependent;
import io.penstock.core.Dialect;
import io.penstock.core.FailureKind;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.HeaderLookup;
import io.penstock.providers.dialect.Providers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How much of an answer that is read whole is kept. */
class WholeBodyTest {
  private static final int PIECE = 1 << 20;

  @Test
  void add_beyondTheMost_isRefused_withoutKeepingMore() {
    ByteBuf piece = Unpooled.wrappedBuffer(new byte[PIECE]);
    WholeBody body = new WholeBody(Providers.of(Dialect.OPENAI), 200, HeaderLookup.NONE);
    long room = PlatformDependent.maxDirectMemory() / 8 * 3 / PIECE;
    for (int i = 0; i < room; i++) {
      assertThat(body.add(piece)).isTrue();
    }
    assertThat(body.add(piece)).isFalse();
    assertThat(body.tooLarge().kind()).isEqualTo(FailureKind.TOO_LARGE);
    assertThat(body.tooLarge().message()).contains("no room for the answer");
    body.release();
    assertThat(piece.refCnt()).isEqualTo(1);
    WholeBody next = new WholeBody(Providers.of(Dialect.OPENAI), 200, HeaderLookup.NONE);
    assertThat(next.add(piece)).isTrue();
    next.release();
  }

  @ParameterizedTest
  @ValueSource(strings = {"one", "one,two", "one,two,three"})
  void read_ofAnyNumberOfPieces_isAllOfThem(String answer) {
    WholeBody body = new WholeBody(Providers.of(Dialect.OPENAI), 200, HeaderLookup.NONE);
    List<ByteBuf> pieces = new ArrayList<>();
    for (String text : answer.split(",")) {
      ByteBuf piece = Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
      pieces.add(piece);
      body.add(piece);
    }
    Answer read =
        body.read((headers, bytes) ->
            new Answer(bytes.retainedSlice(), "text/plain", AnswerSummary.NONE));
    body.release();
    assertThat(read.body().toString(StandardCharsets.US_ASCII)).isEqualTo(answer.replace(",", ""));
    read.body().release();
    assertThat(pieces).allSatisfy(piece -> assertThat(piece.refCnt()).isEqualTo(1));
  }
}

package io.penstock.server.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpContentDecompressor;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.penstock.testkit.LeakCheck;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.function.Consumer;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Encoded answers that grow: little is decoded before somebody is asked whether to go on. */
@ExtendWith(LeakCheck.class)
class PortionsTest {
  private static final int LENGTH = 32 << 20;

  private final Portions portions = new Portions();
  private final Reader reader = new Reader();
  private final EmbeddedChannel channel =
      new EmbeddedChannel(portions, new HttpContentDecompressor(0), reader);

  /** Counts what is decoded and does something about it. */
  private final class Reader extends ChannelInboundHandlerAdapter {
    private long came;
    private boolean whole;
    private Consumer<ChannelHandlerContext> then = ctx -> {};

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      if (message instanceof HttpContent content) {
        int bytes = content.content().readableBytes();
        came += bytes;
        portions.decoded(bytes);
        whole |= message instanceof LastHttpContent;
        if (bytes > 0) {
          then.accept(ctx);
        }
      }
      ReferenceCountUtil.release(message);
    }
  }

  private static ByteBuf bomb(int length) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream zip = new GZIPOutputStream(bytes)) {
      zip.write(new byte[length]);
    }
    return Unpooled.wrappedBuffer(bytes.toByteArray());
  }

  private void answer(int length) throws IOException {
    DefaultHttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
    head.headers().set(HttpHeaderNames.CONTENT_ENCODING, "gzip");
    channel.writeOneInbound(head);
    channel.writeOneInbound(new DefaultLastHttpContent(bomb(length)));
  }

  @Test
  void answer_small_isThereAtOnce() throws IOException {
    answer(1000);
    assertThat(reader.whole).isTrue();
    assertThat(reader.came).isEqualTo(1000);
    channel.finishAndReleaseAll();
  }

  @Test
  void answer_thatGrows_comesInTurns() throws IOException {
    answer(LENGTH);
    assertThat(reader.came).isBetween(1L, 2L * Portions.TURN_BYTES);
    channel.read();
    channel.runPendingTasks();
    assertThat(reader.whole).isTrue();
    assertThat(reader.came).isEqualTo(LENGTH);
    channel.finishAndReleaseAll();
  }

  @Test
  void reading_stopped_isDecodedNoFurther_thenAllArrives() throws IOException {
    reader.then = ctx -> ctx.channel().config().setAutoRead(false);
    answer(LENGTH);
    channel.runPendingTasks();
    assertThat(reader.came).isBetween(1L, (long) Portions.TURN_BYTES);
    reader.then = ctx -> {};
    channel.config().setAutoRead(true);
    channel.runPendingTasks();
    assertThat(reader.whole).isTrue();
    assertThat(reader.came).isEqualTo(LENGTH);
    channel.finishAndReleaseAll();
  }

  @Test
  void connection_closedByTheReader_isDecodedNoFurther() throws IOException {
    reader.then = ChannelHandlerContext::close;
    answer(LENGTH);
    channel.runPendingTasks();
    assertThat(reader.came).isLessThan(Portions.TURN_BYTES);
    assertThat(reader.whole).isFalse();
    channel.finishAndReleaseAll();
  }

  @Test
  void connection_endsWhileNobodyReads_whatHasComeIsStillTold() throws IOException {
    channel.config().setAutoRead(false);
    answer(3 << 20);
    assertThat(reader.came).isZero();
    channel.close();
    assertThat(reader.whole).isTrue();
    assertThat(reader.came).isEqualTo(3 << 20);
    channel.finishAndReleaseAll();
  }
}

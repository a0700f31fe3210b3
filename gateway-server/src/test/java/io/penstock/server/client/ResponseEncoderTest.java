package io.penstock.server.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.penstock.testkit.LeakCheck;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(LeakCheck.class)
class ResponseEncoderTest {
  private static FullHttpResponse response(int status, String body) {
    FullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1,
            HttpResponseStatus.valueOf(status),
            Unpooled.copiedBuffer(body, StandardCharsets.UTF_8));
    response
        .headers()
        .set(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes())
        .set("x-long", "v".repeat(1500));
    return response;
  }

  private static List<String> written(ChannelHandler encoder, Object... messages) {
    EmbeddedChannel channel = new EmbeddedChannel(encoder);
    channel.writeOutbound(messages);
    List<String> pieces = new ArrayList<>();
    for (ByteBuf piece = channel.readOutbound(); piece != null; piece = channel.readOutbound()) {
      pieces.add(piece.toString(StandardCharsets.ISO_8859_1));
      piece.release();
    }
    channel.finishAndReleaseAll();
    return pieces;
  }

  @ParameterizedTest(name = "{0} with {1} bytes in {2}")
  @CsvSource({"200, 0, 1", "200, 1, 1", "429, 8192, 1", "200, 8193, 2", "204, 0, 1", "304, 0, 1"})
  void whole_isWhatNettyWrites_inOneBufferWhereSmall(int status, int length, int pieces) {
    String body = "b".repeat(length);
    List<String> ours = written(new ResponseEncoder(), response(status, body));
    List<String> theirs = written(new HttpResponseEncoder(), response(status, body));
    assertThat(String.join("", ours)).isEqualTo(String.join("", theirs));
    assertThat(ours).hasSize(pieces);
  }

  /** A stream, its length told by chunks or by the end of the connection, and what follows it. */
  @ParameterizedTest(name = "chunked {0}, of {1} bytes in {2}")
  @CsvSource({
    "true, 1, 1",
    "true, 15, 1",
    "true, 16, 1",
    "true, 300, 1",
    "true, 4096, 1",
    "true, 8192, 1",
    "true, 8193, 3",
    "true, 0, 1",
    "false, 300, 1"
  })
  void event_isWhatNettyWrites_inOneBufferWhereSmall(boolean chunked, int length, int pieces) {
    List<String> ours = written(new ResponseEncoder(), stream(chunked, length));
    List<String> theirs = written(new HttpResponseEncoder(), stream(chunked, length));
    assertThat(String.join("", ours)).isEqualTo(String.join("", theirs)).endsWith("\r\n\r\nnext");
    List<String> head = written(new HttpResponseEncoder(), begin(chunked));
    List<String> event =
        written(new ResponseEncoder(), begin(chunked), new DefaultHttpContent(bytes(length)));
    assertThat(event).hasSize(head.size() + pieces);
  }

  private static Object[] stream(boolean chunked, int length) {
    return new Object[] {
      begin(chunked),
      new DefaultHttpContent(bytes(length)),
      new DefaultHttpContent(bytes(length)),
      new DefaultLastHttpContent(bytes(7)),
      response(200, "next")
    };
  }

  private static DefaultHttpResponse begin(boolean chunked) {
    DefaultHttpResponse begin =
        new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
    HttpUtil.setTransferEncodingChunked(begin, chunked);
    return begin;
  }

  private static ByteBuf bytes(int length) {
    return Unpooled.copiedBuffer("e".repeat(length), StandardCharsets.UTF_8);
  }

  /** As after a HEAD: the head speaks of a body that is not there. */
  @ParameterizedTest(name = "{0} that says {1}")
  @CsvSource({"200, 0", "200, 5", "200, 9000", "204, 5", "304, 5", "205, 5"})
  void empty_whateverItsHeadSaysOfABody_isWhatNettyWrites(int status, int says) {
    List<String> ours = written(new ResponseEncoder(), empty(status, says), response(200, "next"));
    List<String> theirs =
        written(new HttpResponseEncoder(), empty(status, says), response(200, "next"));
    assertThat(String.join("", ours)).isEqualTo(String.join("", theirs)).endsWith("\r\n\r\nnext");
    assertThat(ours).hasSize(2);
  }

  private static FullHttpResponse empty(int status, int says) {
    FullHttpResponse response = response(status, "");
    response.headers().set(HttpHeaderNames.CONTENT_LENGTH, says);
    return response;
  }

  @ParameterizedTest(name = "chunked {0}, {1} bytes")
  @CsvSource({"false, 0", "false, 3", "false, 8193", "true, 0", "true, 3", "true, 8193"})
  void trailers_areWrittenWhereChunksCarryThem_asNettyDoes(boolean chunked, int length) {
    List<String> ours = written(new ResponseEncoder(), trailed(chunked, length));
    List<String> theirs = written(new HttpResponseEncoder(), trailed(chunked, length));
    String all = String.join("", ours);
    assertThat(all).isEqualTo(String.join("", theirs));
    assertThat(all.contains("x-behind: it")).isEqualTo(chunked);
  }

  private static FullHttpResponse trailed(boolean chunked, int length) {
    FullHttpResponse response = response(200, "b".repeat(length));
    response.trailingHeaders().set("x-behind", "it");
    if (chunked) {
      HttpUtil.setTransferEncodingChunked(response, true);
    }
    return response;
  }

  @Test
  void head_longerThanItsBuffer_growsIt() {
    FullHttpResponse ours = response(200, "body");
    FullHttpResponse theirs = response(200, "body");
    ours.headers().set("x-longer", "v".repeat(20_000));
    theirs.headers().set("x-longer", "v".repeat(20_000));
    assertThat(String.join("", written(new ResponseEncoder(), ours)))
        .isEqualTo(String.join("", written(new HttpResponseEncoder(), theirs)));
  }

  @Test
  void stream_betweenWholeAnswers_isFramedAsBefore() {
    DefaultHttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
    head.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
    List<String> pieces =
        written(
            new ResponseEncoder(),
            response(200, "one"),
            head,
            new DefaultHttpContent(Unpooled.copiedBuffer("two", StandardCharsets.UTF_8)),
            LastHttpContent.EMPTY_LAST_CONTENT,
            response(200, "three"));
    assertThat(String.join("", pieces))
        .contains(
            "\r\n\r\noneHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n")
        .endsWith("\r\n\r\nthree");
  }
}

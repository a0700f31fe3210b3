package io.penstock.server.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.HttpMethod;
import io.penstock.testkit.LeakCheck;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An answer for which there is no memory outside the heap: the provider is not to blame. */
@ExtendWith(LeakCheck.class)
class BuffersTest {
  private static final String WORDS =
      "failed, NO_BUFFER, it is out of memory for what is read and written";

  @ParameterizedTest
  @CsvSource({"0, ''", "1, '200 as it is: a'"})
  void answer_withoutMemoryToReadIt_isNoFailureOfTheProvider(int reads, String heard)
      throws Exception {
    RawProvider provider =
        new RawProvider(Transport.NIO, () -> new Full(reads).socket(), System::nanoTime);
    try {
      RawProvider.Heard answer = provider.send(HttpMethod.POST, 1);
      provider.readHead(HttpMethod.POST, 1);
      provider.readBody(1);
      provider.say(
          "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\na".getBytes(StandardCharsets.US_ASCII));
      if (reads > 0) {
        answer.awaitWords("a");
        provider.say(new byte[] {'b'});
      }
      assertThat(answer.all()).isEqualTo(heard + WORDS);
    } finally {
      provider.close();
    }
  }

  @Test
  void areLacking_wrapped_isSeen_andNothingElseIs() {
    Error full = new OutOfMemoryError("direct");
    assertThat(Buffers.areLacking(new DecoderException(new IOException(full)))).isTrue();
    assertThat(Buffers.areLacking(new DecoderException(new IOException("reset")))).isFalse();
    assertThat(Buffers.areLacking(null)).isFalse();
  }

  /** Has room for so many reads and no more. */
  private static final class Full extends AdaptiveRecvByteBufAllocator {
    private int left;

    Full(int reads) {
      this.left = reads;
    }

    Channel socket() {
      NioSocketChannel socket = new NioSocketChannel();
      socket.config().setRecvByteBufAllocator(this);
      return socket;
    }

    @Override
    @SuppressWarnings("deprecation")
    public Handle newHandle() {
      return new RecvByteBufAllocator.DelegatingHandle(super.newHandle()) {
        @Override
        public ByteBuf allocate(ByteBufAllocator from) {
          if (left-- == 0) {
            throw new OutOfMemoryError("direct memory");
          }
          return super.allocate(from);
        }
      };
    }
  }
}

package io.penstock.server.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TappedResponderTest {
  private final List<String> client = new ArrayList<>();
  private final List<String> tap = new ArrayList<>();

  /** Fails at the first piece of a body. */
  private final TappedResponder tapped =
      new TappedResponder(new Client()) {
        @Override
        protected void begins(int status, HttpHeaders headers) {
          tap.add("begins");
        }

        @Override
        protected void passes(ByteBuf data) {
          tap.add("passes");
          throw new IllegalStateException("made to fail");
        }

        @Override
        protected void ends() {
          tap.add("ends");
        }
      };

  private final class Client implements Responder {
    @Override
    public void reply(int status, HttpHeaders headers, ByteBuf body) {
      client.add("reply");
    }

    @Override
    public void head(int status, HttpHeaders headers) {
      client.add("head");
    }

    @Override
    public void write(ByteBuf data) {
      client.add("write");
    }

    @Override
    public void flush() {
      client.add("flush");
    }

    @Override
    public void end() {
      client.add("end");
    }

    @Override
    public void abort() {
      client.add("abort");
    }

    @Override
    public boolean isWritable() {
      return true;
    }
  }

  @Test
  void stream_tapFails_isToldNoMore_andTheClientGetsAll() {
    tapped.head(200, EmptyHttpHeaders.INSTANCE);
    tapped.write(Unpooled.EMPTY_BUFFER);
    tapped.write(Unpooled.EMPTY_BUFFER);
    tapped.end();

    assertThat(client).containsExactly("head", "write", "write", "end");
    assertThat(tap).containsExactly("begins", "passes");
  }

  @Test
  void reply_tapFails_theClientGetsIt() {
    tapped.reply(200, EmptyHttpHeaders.INSTANCE, Unpooled.EMPTY_BUFFER);

    assertThat(client).containsExactly("reply");
    assertThat(tap).containsExactly("begins", "passes");
  }
}

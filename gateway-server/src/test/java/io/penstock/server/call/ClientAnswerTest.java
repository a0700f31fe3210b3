package io.penstock.server.call;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.core.Endpoint;
import io.penstock.server.client.Responder;
import io.penstock.testkit.FakeTicker;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A client that waits hears that the stream is alive, between the model's words too. */
class ClientAnswerTest {
  private static final long HOLD_MILLIS = 5_000;

  private final EmbeddedChannel clock = new EmbeddedChannel();
  private final Written client = new Written();

  /** What has gone out. */
  private static final class Written implements Responder {
    private final StringBuilder text = new StringBuilder();
    private boolean writable = true;

    @Override
    public void reply(int status, HttpHeaders headers, ByteBuf body) {
      body.release();
    }

    @Override
    public void head(int status, HttpHeaders headers) {
      text.append(status).append(' ');
    }

    @Override
    public void write(ByteBuf data) {
      text.append(data.toString(StandardCharsets.UTF_8));
      data.release();
    }

    @Override
    public void flush() {}

    @Override
    public void end() {
      text.append("END");
    }

    @Override
    public void abort() {}

    @Override
    public boolean isWritable() {
      return writable;
    }

    private String taken() {
      String taken = text.toString();
      text.setLength(0);
      return taken;
    }
  }

  private ClientAnswer begun(Endpoint endpoint) {
    clock.freezeTime();
    LoopContext context =
        Parts.context(clock.eventLoop(), FakeTicker.at("2026-11-21T12:00:00Z"), new NoLedger());
    Call call = Parts.call(context, endpoint, "{}", client);
    ClientAnswer answer = new ClientAnswer(call, HOLD_MILLIS, () -> {});
    HttpHeaders headers = DefaultHttpHeadersFactory.headersFactory().newHeaders();
    answer.offer(headers, false);
    answer.begin(headers);
    answer.stream(ErrorReplies.utf8("data: a\n\n"));
    assertThat(client.taken()).isEqualTo("200 data: a\n\n");
    return answer;
  }

  private void pass(long seconds) {
    clock.advanceTimeBy(seconds, TimeUnit.SECONDS);
    clock.runScheduledPendingTasks();
  }

  @ParameterizedTest
  @CsvSource({
    "CHAT, ': ping'",
    "MESSAGES, 'event: ping|data: {\"type\": \"ping\"}'",
    "GENERATE, ''",
  })
  void silenceBetweenWords_isFilled(Endpoint endpoint, String ping) {
    ClientAnswer answer = begun(endpoint);
    String expected = ping.isEmpty() ? "" : ping.replace('|', '\n') + "\n\n";

    pass(5);
    assertThat(client.taken()).isEmpty();
    pass(15);
    assertThat(client.taken()).isEqualTo(expected);
    pass(15);
    assertThat(client.taken()).isEqualTo(expected);

    answer.end();
    assertThat(client.taken()).isEqualTo("END");
    pass(60);
    assertThat(client.taken()).isEmpty();
  }

  @Test
  void streamThatGoesOn_isLeftAlone() {
    ClientAnswer answer = begun(Endpoint.CHAT);
    for (int i = 0; i < 10; i++) {
      pass(10);
      answer.stream(ErrorReplies.utf8("b"));
    }
    assertThat(client.taken()).isEqualTo("b".repeat(10));
    answer.close();
  }

  @Test
  void clientThatDoesNotRead_isSentNothing() {
    ClientAnswer answer = begun(Endpoint.CHAT);
    client.writable = false;
    pass(60);
    assertThat(client.taken()).isEmpty();
    answer.close();
  }
}

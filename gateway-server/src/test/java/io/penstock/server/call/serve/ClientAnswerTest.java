package io.penstock.server.call.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.core.Endpoint;
import io.penstock.server.call.Call;
import io.penstock.server.call.LoopContext;
import io.penstock.server.call.NoLedger;
import io.penstock.server.call.Parts;
import io.penstock.server.call.Written;
import io.penstock.server.call.reply.ErrorReplies;
import io.penstock.testkit.FakeTicker;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A client that waits hears that the stream is alive, between the model's words too. */
class ClientAnswerTest {
  private static final long HOLD_MILLIS = 5_000;

  private static final HttpHeaders HEADERS =
      DefaultHttpHeadersFactory.headersFactory().newHeaders();

  private final EmbeddedChannel clock = new EmbeddedChannel();
  private final Written client = new Written();

  private ClientAnswer answer(Endpoint endpoint, long holdMillis) {
    clock.freezeTime();
    LoopContext context =
        Parts.context(clock.eventLoop(), FakeTicker.at("2026-11-21T12:00:00Z"), new NoLedger());
    Call call = Parts.call(context, endpoint, "{}", client);
    return new ClientAnswer(call, holdMillis, () -> {});
  }

  private ClientAnswer begun(Endpoint endpoint) {
    ClientAnswer answer = answer(endpoint, HOLD_MILLIS);
    answer.offer(HEADERS, false);
    return begun(answer);
  }

  private ClientAnswer begun(ClientAnswer answer) {
    answer.begin(HEADERS);
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
  void silenceAfterALongHold_isFilledNoLater() {
    ClientAnswer answer = answer(Endpoint.CHAT, 60_000);
    answer.offer(HEADERS, false);
    pass(10);
    begun(answer);
    pass(15);
    assertThat(client.taken()).isEmpty();
    pass(15);
    assertThat(client.taken()).isEqualTo(": ping\n\n");
    answer.close();
  }

  @Test
  void silenceOfAStreamThatWasNotOffered_isFilled() {
    ClientAnswer answer = begun(answer(Endpoint.IMAGES, HOLD_MILLIS));
    pass(15);
    assertThat(client.taken()).isEmpty();
    pass(15);
    assertThat(client.taken()).isEqualTo(": ping\n\n");
    answer.close();
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

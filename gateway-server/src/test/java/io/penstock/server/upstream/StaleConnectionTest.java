package io.penstock.server.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.HttpMethod;
import io.penstock.testkit.LeakCheck;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of kept connections, and of requests on those that are gone. */
@ExtendWith(LeakCheck.class)
class StaleConnectionTest {
  private static final String ANSWER = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nplain";
  private static final String ANSWERED = "200 as it is: plain";
  private static final String RESET = "failed, RESET, the connection was closed before an answer";

  private final AtomicLong now = new AtomicLong();
  private RawProvider provider;

  @BeforeEach
  void listen() throws IOException {
    provider = new RawProvider(Transport.NIO, now::get);
  }

  @AfterEach
  void close() throws Exception {
    provider.close();
  }

  /** Sends a request and returns who hears of it, once the provider has it. */
  private RawProvider.Heard asked(int bytes) throws Exception {
    RawProvider.Heard heard = provider.send(HttpMethod.POST, bytes);
    arrives(bytes);
    return heard;
  }

  private void arrives(int bytes) throws IOException {
    provider.readHead(HttpMethod.POST, bytes);
    provider.readBody(bytes);
  }

  private void isAnswered(RawProvider.Heard heard) throws Exception {
    provider.say(ANSWER);
    assertThat(heard.all()).isEqualTo(ANSWERED);
    provider.awaitKept();
  }

  private void lose(boolean reset) throws IOException {
    if (reset) {
      provider.reset();
    } else {
      provider.hangUp();
    }
  }

  @ParameterizedTest
  @CsvSource({"true, 0", "true, 1", "true, 65537", "false, 1", "false, 65537"})
  void kept_lostUponARequest_isMadeAgainOnAFreshOne(boolean reset, int bytes) throws Exception {
    isAnswered(asked(1));
    RawProvider.Heard heard = asked(bytes);
    now.addAndGet(Reuse.STALE_NANOS);

    lose(reset);

    arrives(bytes);
    isAnswered(heard);
    assertThat(provider.connections()).isEqualTo(2);
    isAnswered(asked(1));
    assertThat(provider.connections()).as("the fresh one is kept").isEqualTo(2);
  }

  @Test
  void kept_lostUponARequestThatMustNotBeRepeated_isLost() throws Exception {
    isAnswered(asked(1));
    RawProvider.Heard heard = provider.send(HttpMethod.POST, 1, false);
    arrives(1);

    provider.reset();

    assertThat(heard.all()).isEqualTo(RESET);
    assertThat(provider.connections()).isEqualTo(1);
  }

  @Test
  void kept_lostInTheMiddleOfARequest_isMadeAgainWhole() throws Exception {
    int large = 8 << 20;
    isAnswered(asked(1));
    RawProvider.Heard heard = provider.send(HttpMethod.POST, large);
    provider.readHead(HttpMethod.POST, large);

    provider.reset();

    arrives(large);
    isAnswered(heard);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void kept_lostLater_mayHaveBeenWorkedOn(boolean reset) throws Exception {
    isAnswered(asked(1));
    RawProvider.Heard heard = asked(1);
    now.addAndGet(Reuse.STALE_NANOS + 1);

    lose(reset);

    assertThat(heard.all()).isEqualTo(RESET);
  }

  @ParameterizedTest
  @ValueSource(strings = {"H", "HTTP/1.1 103 Early Hints\r\n\r\n"})
  void kept_lostAfterAByte_isLost(String said) throws Exception {
    isAnswered(asked(1));
    RawProvider.Heard heard = asked(1);

    provider.say(said);
    provider.hangUp();

    assertThat(heard.all()).startsWith("failed, ");
    assertThat(provider.connections()).isEqualTo(1);
  }

  @Test
  void fresh_lost_isLost() throws Exception {
    RawProvider.Heard heard = asked(1);

    provider.reset();

    assertThat(heard.all()).isEqualTo(RESET);
  }

  @Test
  void fresh_afterAStaleOne_lost_isLost() throws Exception {
    isAnswered(asked(1));
    RawProvider.Heard heard = asked(1);
    provider.reset();
    arrives(1);

    provider.reset();

    assertThat(heard.all()).isEqualTo(RESET);
  }

  @Test
  void idle_forTooLong_isClosedInsteadOfUsed() throws Exception {
    isAnswered(asked(1));
    now.addAndGet(IdleConnections.MAX_AGE_NANOS);
    isAnswered(asked(1));
    assertThat(provider.connections()).isEqualTo(1);
    now.addAndGet(IdleConnections.MAX_AGE_NANOS + 1);

    RawProvider.Heard heard = provider.send(HttpMethod.POST, 1);

    provider.awaitGivenUp();
    arrives(1);
    isAnswered(heard);
  }

  @Test
  void sweep_closesThoseIdleForTooLong_only() throws Exception {
    isAnswered(asked(1));
    now.addAndGet(TimeUnit.SECONDS.toNanos(50));
    provider.sweep();
    isAnswered(asked(1));
    assertThat(provider.connections()).isEqualTo(1);
    now.addAndGet(TimeUnit.SECONDS.toNanos(50) + 1);

    provider.sweep();

    provider.awaitGivenUp();
  }
}

package io.penstock.server.call.reply;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.core.Endpoint;
import io.penstock.core.FailureKind;
import io.penstock.providers.Failure;
import io.penstock.server.call.Call;
import io.penstock.server.call.LoopContext;
import io.penstock.server.call.NoLedger;
import io.penstock.server.call.Parts;
import io.penstock.server.call.Written;
import io.penstock.testkit.FakeTicker;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a client is advised to do about a failure. */
class ClientErrorsTest {
  private final FakeTicker ticker = FakeTicker.at("2026-11-21T12:00:00Z");
  private final LoopContext context =
      Parts.context(new EmbeddedChannel().eventLoop(), ticker, new NoLedger());

  @ParameterizedTest
  @CsvSource({
    "NO_BUFFER, false, 1, ",
    "NO_BUFFER, true, , false",
    "NO_SOCKET, false, 1, ",
    "OVERLOADED, true, 1, ",
    "TOO_LARGE, true, , false",
    "UNTRANSLATABLE, true, , false"
  })
  void reply_whoAsksAgain_isToldOnlyWhereItMayNotPayTwice(
      FailureKind kind, boolean taken, String retryAfter, String shouldRetry) {
    Written client = new Written();
    Call call = Parts.call(context, Endpoint.CHAT, "{}", client);

    ClientErrors.reply(
        call,
        "p",
        Failure.of(kind, "why"),
        taken,
        ErrorReplies.headers(call.dialect(), call.idText()));

    HttpHeaders told = client.replied;
    assertThat(told).isNotNull();
    assertThat(told.get("retry-after")).isEqualTo(retryAfter);
    assertThat(told.get("x-should-retry")).isEqualTo(shouldRetry);
  }
}

package io.penstock.server.call.idempotency;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;
import io.penstock.server.call.idempotency.Idempotency.Stored;
import io.penstock.server.call.idempotency.KeyFlights.Flight;
import io.penstock.server.call.idempotency.KeyFlights.Place;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class KeyFlightsTest {
  private final KeyFlights flights = new KeyFlights();

  private Flight first(String body) {
    Place place = flights.enter("key", body);
    assertThat(place.isFirst()).isTrue();
    return place.flight();
  }

  private CompletableFuture<@Nullable Stored> second(String body) {
    Place place = flights.enter("key", body);
    assertThat(place.isFirst()).isFalse();
    return place.flight().heardBy(body);
  }

  @Test
  void sameBody_hearsTheAnswer_decidedOrNot() {
    Flight flight = first("right");
    CompletableFuture<@Nullable Stored> early = second("right");
    flight.decided();
    CompletableFuture<@Nullable Stored> late = second("right");
    Stored stored = new Stored("right", 200, new DefaultHttpHeaders(), new byte[0]);

    flights.land("key", flight, stored);

    assertThat(early).isCompletedWithValue(stored);
    assertThat(late).isCompletedWithValue(stored);
  }

  @Test
  void otherBody_whileNobodyKnowsWhoseTheKeyIs_waits_andIsThenMeasured() {
    Flight flight = first("right");
    CompletableFuture<@Nullable Stored> other = second("wrong");
    assertThat(other).isNotDone();

    flight.decided();

    assertThat(other).isCompletedWithValue(null);
    assertThatThrownBy(() -> second("wrong"))
        .isInstanceOfSatisfying(
            GatewayException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.IDEMPOTENCY_CONFLICT));
  }

  @Test
  void wrongBodyFirst_isRefused_theRightOneIsThenTheFirst() {
    Flight wrong = first("wrong");
    CompletableFuture<@Nullable Stored> right = second("right");
    Flight seenBefore = wrong;

    flights.land("key", wrong, null);

    assertThat(right).isCompletedWithValue(null);
    // One that had found it before it went is not measured by it either.
    assertThat(seenBefore.heardBy("right")).isCompletedWithValue(null);
    first("right");
  }
}

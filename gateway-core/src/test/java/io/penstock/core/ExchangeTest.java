package io.penstock.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.util.concurrent.ImmediateEventExecutor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExchangeTest {
  @Test
  void end_aListenerThrows_theOthersAreToldAllTheSame() {
    Exchange exchange = new Exchange(ImmediateEventExecutor.INSTANCE) {};
    List<String> told = new ArrayList<>();
    exchange.onEnd(ending -> told.add("first"));
    exchange.onEnd(ending -> {
      throw new IllegalStateException("made to fail");
    });
    exchange.onEnd(ending -> told.add("last"));

    assertThatThrownBy(() -> exchange.end(Ending.COMPLETED)).hasMessage("made to fail");

    assertThat(told).containsExactly("last", "first");
    assertThat(exchange.ending()).isEqualTo(Ending.COMPLETED);
  }
}

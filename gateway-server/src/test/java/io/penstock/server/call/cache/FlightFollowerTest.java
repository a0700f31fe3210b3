package io.penstock.server.call.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.channel.embedded.EmbeddedChannel;
import io.penstock.budget.BudgetListener;
import io.penstock.budget.Budgets;
import io.penstock.core.Ending;
import io.penstock.core.Endpoint;
import io.penstock.server.call.Call;
import io.penstock.server.call.LoopContext;
import io.penstock.server.call.NoLedger;
import io.penstock.server.call.Parts;
import io.penstock.server.call.StreamPiece;
import io.penstock.server.call.Written;
import io.penstock.server.call.accounting.Accounting;
import io.penstock.server.metrics.CallMetrics;
import io.penstock.server.tokens.TokenCounter;
import io.penstock.testkit.FakeTicker;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A client that shares another's stream hears that it is alive, as that one does. */
class FlightFollowerTest {
  private final EmbeddedChannel clock = new EmbeddedChannel();
  private final Written client = new Written();
  private final FakeTicker ticker = FakeTicker.at("2026-11-21T12:00:00Z");
  private final TokenCounter counter = new TokenCounter();
  private final Budgets budgets = Budgets.embedded(ticker, BudgetListener.NONE, List.of());

  @AfterEach
  void close() {
    counter.close();
    budgets.close();
  }

  private void pass(long seconds) {
    clock.advanceTimeBy(seconds, TimeUnit.SECONDS);
    clock.runScheduledPendingTasks();
  }

  @Test
  void silenceOfASharedStream_isFilled() {
    clock.freezeTime();
    LoopContext context = Parts.context(clock.eventLoop(), ticker, new NoLedger());
    Call call = Parts.call(context, Endpoint.CHAT, "{}", client);
    CallMetrics metrics = new CallMetrics(new SimpleMeterRegistry());
    CacheReplay replay =
        new CacheReplay(new Accounting(ticker, counter, metrics), metrics, budgets);
    FlightFollower follower = new FlightFollower(call, replay, metrics);
    byte[] piece = "data: a\n\n".getBytes(StandardCharsets.UTF_8);

    follower.onPiece(new StreamPiece(Parts.target(ticker), "", piece));
    clock.runPendingTasks();
    assertThat(client.taken()).isEqualTo("200 data: a\n\n");
    pass(15);
    assertThat(client.taken()).isEmpty();
    pass(15);
    assertThat(client.taken()).isEqualTo(": ping\n\n");

    call.end(Ending.CLIENT_GONE);
    pass(60);
    assertThat(client.taken()).isEmpty();
  }
}
